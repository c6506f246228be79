/// The strict pass over a text before json-c, which is lenient, sees it.
///
/// It checks grammar, UTF-8, distinct names, ranges of numbers, and limits. It also collects the names of
/// every object, which json-c would end at U+0000, and replaces escapes that json-c misreads.
@safe struct StrictScanner {
  private let bytes: UnsafeRawBufferPointer
  private let limits: JSONLimits
  let count: Int
  private var memberCount = 0
  var path = JSONPath()
  var position = 0

  /// The names of the objects, in the order in which the objects begin.
  private(set) var objects: [NameIndex] = []
  /// What json-c is to see instead of the bytes from `forgotten` to `substituted`.
  private var substitutes: [UInt8] = []
  private var substituted = 0
  private var forgotten = 0

  init(_ bytes: UnsafeRawBufferPointer, limits: JSONLimits) {
    unsafe self.bytes = unsafe bytes
    self.limits = limits
    self.count = bytes.count
  }

  mutating func scanDocument() throws(JSONError) {
    try checkLength()
    skipSpace()
    try scanValue()
    skipSpace()
    guard position == count else { throw unexpected("the end of the text") }
  }

  /// Refuses a text that is too long, and a byte order mark.
  func checkLength() throws(JSONError) {
    // json-c counts bytes in an int.
    let longest = min(limits.maxBytes, Int(Int32.max) - 1)
    guard count <= longest else { throw error("the text has \(count) bytes, more than \(longest)") }
    if byte(at: 0) == 0xEF, byte(at: 1) == 0xBB, byte(at: 2) == 0xBF { throw error("a byte order mark") }
  }

  /// Lets go of everything that was collected, and counts members from here on.
  mutating func forget() {
    objects.removeAll(keepingCapacity: true)
    substitutes.removeAll(keepingCapacity: true)
    (memberCount, substituted, forgotten) = (0, position, position)
  }

  mutating func scanValue() throws(JSONError) {
    switch next {
    case UInt8(ascii: "{"): try scanObject()
    case UInt8(ascii: "["): try scanArray()
    case UInt8(ascii: "\""): _ = try scanString()
    case UInt8(ascii: "t"): try scanWord("true")
    case UInt8(ascii: "f"): try scanWord("false")
    case UInt8(ascii: "n"): try scanWord("null")
    case UInt8(ascii: "N") where limits.allowsNonFinite: try scanWord("NaN")
    case UInt8(ascii: "I") where limits.allowsNonFinite: try scanWord("Infinity")
    case UInt8(ascii: "-") where limits.allowsNonFinite && byte(at: position + 1) == UInt8(ascii: "I"):
      try scanWord("-Infinity")
    case UInt8(ascii: "-"), .some(0x30...0x39): try scanNumber()
    default: throw unexpected("a value")
    }
  }

  private mutating func scanWord(_ word: StaticString) throws(JSONError) {
    let start = position
    for offset in 0..<word.utf8CodeUnitCount {
      let letter = unsafe word.utf8Start[offset]
      guard next == letter else {
        position = start
        throw unexpected("\(word)")
      }
      position += 1
    }
  }
}

// MARK: - Arrays and objects

extension StrictScanner {
  private mutating func scanArray() throws(JSONError) {
    try open(.element(0))
    var index = 0
    if !take(UInt8(ascii: "]")) {
      repeat {
        path.steps[path.steps.count - 1] = .element(index)
        try countMember()
        skipSpace()
        try scanValue()
        skipSpace()
        index += 1
      } while take(UInt8(ascii: ","))
      guard take(UInt8(ascii: "]")) else { throw unexpected("a comma or ]") }
    }
    path.steps.removeLast()
  }

  private mutating func scanObject() throws(JSONError) {
    try open(.member(""))
    guard objects.count < limits.maxObjects else { throw error("more than \(limits.maxObjects) objects") }
    let place = objects.count
    objects.append(NameIndex())
    var names = NameIndex()
    if !take(UInt8(ascii: "}")) {
      repeat {
        try countMember()
        skipSpace()
        names.append(try scanName(notAmong: names))
        try scanValue()
        skipSpace()
      } while take(UInt8(ascii: ","))
      guard take(UInt8(ascii: "}")) else { throw unexpected("a comma or }") }
    }
    objects[place] = names
    path.steps.removeLast()
  }

  mutating func scanName(notAmong names: NameIndex) throws(JSONError) -> String {
    let start = position
    path.steps.removeLast()
    guard next == UInt8(ascii: "\"") else { throw unexpected("a member name in quotation marks") }
    let hasEscapes = try scanString(isName: true)
    let name = text(from: start + 1, to: position - 1, hasEscapes: hasEscapes)
    path.steps.append(.member(name))
    guard names.find(name) == nil else {
      throw error("the member name \(JSONText.quoted(name)) occurs twice", at: start)
    }
    skipSpace()
    guard take(UInt8(ascii: ":")) else { throw unexpected("a colon") }
    skipSpace()
    return name
  }

  /// Enters an array or an object.
  mutating func open(_ step: JSONPath.Step) throws(JSONError) {
    let deepest = min(limits.maxDepth, JSONLimits.deepest)
    guard path.steps.count < deepest else { throw error("nested deeper than \(deepest) levels") }
    path.steps.append(step)
    position += 1
    skipSpace()
  }

  private mutating func countMember() throws(JSONError) {
    memberCount += 1
    guard memberCount <= limits.maxMembers else {
      throw error("more than \(limits.maxMembers) members and elements")
    }
  }
}

// MARK: - Bytes

extension StrictScanner {
  /// The byte at an offset of at least 0, nil beyond the end.
  ///
  /// Every read of the text goes through here.
  func byte(at offset: Int) -> UInt8? {
    offset < count ? unsafe bytes[offset] : nil
  }

  var next: UInt8? { byte(at: position) }

  mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    position += 1
    return true
  }

  mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  /// The UTF-8 text of a range that was scanned.
  func utf8(from start: Int, to end: Int) -> String {
    unsafe String(decoding: UnsafeRawBufferPointer(rebasing: bytes[start..<end]), as: UTF8.self)
  }
}

// MARK: - Substitutes

extension StrictScanner {
  /// Lets json-c see other bytes, no more than there were, in a range behind all earlier ones.
  mutating func substitute(_ replacement: some Sequence<UInt8>, for range: Range<Int>) {
    unsafe substitutes.append(contentsOf: bytes[substituted..<range.lowerBound])
    substitutes.append(contentsOf: replacement)
    substituted = range.upperBound
  }

  /// A part of the text for json-c, from where the scanner forgot on; nil where that is the text itself.
  func textForReader(of range: Range<Int>) -> [UInt8]? {
    guard substituted > forgotten else { return nil }
    return unsafe substitutes + bytes[substituted..<range.upperBound]
  }
}

// MARK: - Errors

extension StrictScanner {
  func error(_ message: String, at offset: Int? = nil) -> JSONError {
    JSONError(message: message, path: path.description, position: place(of: offset ?? position))
  }

  func unexpected(_ expected: String) -> JSONError {
    guard let byte = next else { return error("expected \(expected), found the end of the text") }
    let isPrintable = (0x21...0x7E).contains(byte)
    let found = isPrintable ? "'\(Unicode.Scalar(byte))'" : "the byte 0x\(String(byte, radix: 16))"
    return error("expected \(expected), found \(found)")
  }

  private func place(of offset: Int) -> JSONPosition {
    var line = 1
    var column = 1
    for index in 0..<min(offset, count) {
      if byte(at: index) == 0x0A {
        line += 1
        column = 1
      } else if let byte = byte(at: index), byte & 0xC0 != 0x80 {
        column += 1
      }
    }
    return JSONPosition(line: line, column: column, byteOffset: offset)
  }
}
