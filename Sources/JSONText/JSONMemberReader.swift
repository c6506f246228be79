/// The members of one JSON object, read one after the other, so that memory holds one value at a time.
///
/// What is refused is what `JSONText.parse` refuses.
@safe public struct JSONMemberReader {
  private let bytes: UnsafeRawBufferPointer
  private let limits: JSONLimits
  private var scanner: StrictScanner
  private var names = NameIndex()
  private var isDone = false

  /// Begins with the first member.
  /// - Parameters:
  ///   - bytes: the text; it must outlive the reader.
  ///   - limits: of each member by itself, but for `maxBytes`, which is of the whole text.
  /// - Throws: `JSONError` where the text begins no object.
  public init(_ bytes: UnsafeRawBufferPointer, limits: JSONLimits = JSONLimits()) throws(JSONError) {
    unsafe self.bytes = unsafe bytes
    self.limits = limits
    scanner = unsafe StrictScanner(bytes, limits: limits)
    isDone = try !scanner.beginObject()
    if isDone { try scanner.endDocument() }
  }

  /// The next member; nil behind the last, when the whole text has been checked.
  /// - Throws: `JSONError` with path, line and column.
  public mutating func next() throws(JSONError) -> (name: String, cursor: JSONCursor)? {
    guard !isDone else { return nil }
    let (name, range) = try scanner.scanMember(notAmong: names)
    names.append(name)
    let value = try read(range)
    isDone = try !scanner.goesOn()
    if isDone { try scanner.endDocument() }
    return (name, JSONCursor(value, at: .member(name)))
  }

  private func read(_ range: Range<Int>) throws(JSONError) -> JSONValue {
    try unsafe JSONReader.read(
      UnsafeRawBufferPointer(rebasing: bytes[range]), as: scanner.textForReader(of: range),
      objects: scanner.objects, limits: limits)
  }
}

// MARK: - Steps of the scanner

extension StrictScanner {
  /// Enters the object that is the whole document; false where it has no members.
  fileprivate mutating func beginObject() throws(JSONError) -> Bool {
    try checkLength()
    skipSpace()
    guard next == UInt8(ascii: "{") else { throw unexpected("an object") }
    try open(.member(""))
    return !take(UInt8(ascii: "}"))
  }

  /// Passes a member's name and value; gives the name, and where the value stands.
  fileprivate mutating func scanMember(
    notAmong names: NameIndex
  ) throws(JSONError) -> (name: String, value: Range<Int>) {
    skipSpace()
    let name = try scanName(notAmong: names)
    forget()
    let start = position
    try scanValue()
    return (name, start..<position)
  }

  /// Passes the comma, or the end of the object and of the document; tells whether another member follows.
  fileprivate mutating func goesOn() throws(JSONError) -> Bool {
    skipSpace()
    if take(UInt8(ascii: ",")) { return true }
    guard take(UInt8(ascii: "}")) else { throw unexpected("a comma or }") }
    return false
  }

  /// Makes sure that nothing but space follows.
  fileprivate mutating func endDocument() throws(JSONError) {
    path = JSONPath()
    skipSpace()
    guard position == count else { throw unexpected("the end of the text") }
  }
}
