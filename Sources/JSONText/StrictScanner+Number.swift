extension StrictScanner {
  /// Passes a number, and refuses an integer outside `Int64` and a value that no finite `Double` is near.
  mutating func scanNumber() throws(JSONError) {
    let start = position
    _ = take(UInt8(ascii: "-"))
    let whole = position
    try scanDigits()
    if byte(at: whole) == UInt8(ascii: "0"), position > whole + 1 {
      throw error("a number must not begin with a superfluous 0", at: start)
    }
    let wholeDigits = position - whole
    var isInteger = true
    if take(UInt8(ascii: ".")) {
      isInteger = false
      try scanDigits()
    }
    var exponentDigits = 0
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      isInteger = false
      _ = take(UInt8(ascii: "+")) || take(UInt8(ascii: "-"))
      let exponent = position
      try scanDigits()
      exponentDigits = position - exponent
    }
    // Numbers as short as nearly all are need no second look.
    if isInteger, wholeDigits > 18 { try checkInteger(from: start) }
    if !isInteger, wholeDigits > 200 || exponentDigits > 2 { try checkNumber(from: start) }
  }

  private mutating func scanDigits() throws(JSONError) {
    let start = position
    while let byte = next, (0x30...0x39).contains(byte) { position += 1 }
    guard position > start else { throw unexpected("a digit") }
  }

  private func checkInteger(from start: Int) throws(JSONError) {
    let text = utf8(from: start, to: position)
    guard Int64(text) != nil else {
      throw error("the integer \(JSONText.quoted(text)) does not fit 64 bits", at: start)
    }
  }

  private func checkNumber(from start: Int) throws(JSONError) {
    let text = utf8(from: start, to: position)
    guard let number = Double(text), number.isFinite else {
      throw error("the number \(JSONText.quoted(text)) is beyond the range of a double", at: start)
    }
  }
}
