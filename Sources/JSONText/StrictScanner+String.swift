extension StrictScanner {
  /// Passes a string from its opening to its closing mark, and tells whether it has escapes.
  mutating func scanString(isName: Bool = false) throws(JSONError) -> Bool {
    let start = position
    position += 1
    var hasEscapes = false
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        return hasEscapes
      case UInt8(ascii: "\\"):
        hasEscapes = true
        try scanEscape(inName: isName)
      case 0x20...0x7F: position += 1
      case 0x80...: try scanMultibyte()
      default: throw error("a control character in a string must be written as an escape")
      }
    }
    throw error("the string has no closing quotation mark", at: start)
  }

  private mutating func scanEscape(inName: Bool) throws(JSONError) {
    switch byte(at: position + 1) {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      position += 2
    case UInt8(ascii: "u"):
      guard let unit = codeUnit(at: position) else { throw error("\\u needs four hexadecimal digits") }
      if UTF16.isTrailSurrogate(unit) { throw error("half a surrogate pair") }
      if UTF16.isLeadSurrogate(unit) { return try scanPair(unit) }
      // json-c ends a name at U+0000. Names come from the scanner, so json-c need only keep them apart, for
      // which a byte does that no UTF-8 text has.
      if unit == 0, inName { substitute([0xFF], for: position..<position + 6) }
      position += 6
    default: throw error("an unknown escape")
    }
  }

  private mutating func scanPair(_ lead: UInt16) throws(JSONError) {
    guard let trail = codeUnit(at: position + 6), UTF16.isTrailSurrogate(trail) else {
      throw error("half a surrogate pair")
    }
    let scalar = UTF16.decode(UTF16.EncodedScalar([lead, trail]))
    // json-c 0.16 looks only at the low 16 bits of such a scalar, and takes it for half a pair.
    if (0xD800...0xDFFF).contains(scalar.value & 0xFFFF) {
      substitute(String(scalar).utf8, for: position..<position + 12)
    }
    position += 12
  }

  /// The code unit of the escape `\uXXXX` at an offset, nil where there is no such escape.
  private func codeUnit(at offset: Int) -> UInt16? {
    guard byte(at: offset) == UInt8(ascii: "\\"), byte(at: offset + 1) == UInt8(ascii: "u") else {
      return nil
    }
    var unit: UInt16 = 0
    for place in offset + 2..<offset + 6 {
      guard let digit = byte(at: place).flatMap({ Character(Unicode.Scalar($0)).hexDigitValue }) else {
        return nil
      }
      unit = unit << 4 | UInt16(digit)
    }
    return unit
  }

  /// Passes one scalar of two to four bytes; the ranges are those of the Unicode standard, table 3-7.
  private mutating func scanMultibyte() throws(JSONError) {
    let second: ClosedRange<UInt8>
    let length: Int
    switch byte(at: position) {
    case .some(0xC2...0xDF): (length, second) = (2, 0x80...0xBF)
    case .some(0xE0): (length, second) = (3, 0xA0...0xBF)
    case .some(0xED): (length, second) = (3, 0x80...0x9F)
    case .some(0xE1...0xEF): (length, second) = (3, 0x80...0xBF)
    case .some(0xF0): (length, second) = (4, 0x90...0xBF)
    case .some(0xF1...0xF3): (length, second) = (4, 0x80...0xBF)
    case .some(0xF4): (length, second) = (4, 0x80...0x8F)
    default: throw error("bytes that are not UTF-8")
    }
    for place in 1..<length {
      guard let byte = byte(at: position + place), (place == 1 ? second : 0x80...0xBF).contains(byte) else {
        throw error("bytes that are not UTF-8")
      }
    }
    position += length
  }
}

extension StrictScanner {
  /// The content of a scanned name, from after its opening mark to its closing mark.
  func text(from start: Int, to end: Int, hasEscapes: Bool) -> String {
    guard hasEscapes else { return utf8(from: start, to: end) }
    var text = ""
    var run = start
    var offset = start
    while offset < end {
      guard byte(at: offset) == UInt8(ascii: "\\") else {
        offset += 1
        continue
      }
      text += utf8(from: run, to: offset)
      let (scalar, length) = escape(at: offset)
      text.unicodeScalars.append(scalar)
      offset += length
      run = offset
    }
    return text + utf8(from: run, to: end)
  }

  /// The scalar that a scanned escape stands for, and the escape's length in bytes.
  private func escape(at offset: Int) -> (Unicode.Scalar, Int) {
    if let lead = codeUnit(at: offset) {
      guard UTF16.isLeadSurrogate(lead), let trail = codeUnit(at: offset + 6) else {
        return (Unicode.Scalar(lead) ?? "\u{FFFD}", 6)
      }
      return (UTF16.decode(UTF16.EncodedScalar([lead, trail])), 12)
    }
    let letter = byte(at: offset + 1) ?? 0
    switch letter {
    case UInt8(ascii: "b"): return ("\u{8}", 2)
    case UInt8(ascii: "f"): return ("\u{C}", 2)
    case UInt8(ascii: "n"): return ("\n", 2)
    case UInt8(ascii: "r"): return ("\r", 2)
    case UInt8(ascii: "t"): return ("\t", 2)
    default: return (Unicode.Scalar(letter), 2)
    }
  }
}
