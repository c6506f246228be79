import Diagnostics

/// Splits one line of the text form into tokens.
struct Lexer {
  /// One token.
  enum Token: Equatable {
    /// A name or keyword: letters, digits, `_`, `.` and `-`; numbers too.
    case word(String)
    /// A name with its sigil.
    case value(String, isConstant: Bool)
    case string(String)
    case symbol(Character)
    case end
  }

  private let bytes: [UInt8]
  private let line: Int
  private var position = 0
  /// The token under the cursor.
  private(set) var token = Token.end
  /// Where that token starts.
  private var start = 0

  init(_ line: [UInt8], number: Int) throws(DiagnosticFailure) {
    bytes = line
    self.line = number
    try advance()
  }

  /// Where the token under the cursor stands.
  var place: Location { .text(line: line, column: start + 1) }

  /// A failure at the token under the cursor.
  func failure(_ message: String) -> DiagnosticFailure { DiagnosticFailure(.badIRText, message, at: place) }

  /// Moves to the next token.
  mutating func advance() throws(DiagnosticFailure) {
    while position < bytes.count, bytes[position] == 0x20 { position += 1 }
    start = position
    guard position < bytes.count else { return token = .end }
    let first = bytes[position]
    if Self.isWord(first) {
      token = .word(takeWord())
    } else if first == UInt8(ascii: "$") || first == UInt8(ascii: "%") {
      position += 1
      let name = takeWord()
      if name.isEmpty { throw failure("a name must follow '\(Character(Unicode.Scalar(first)))'") }
      token = .value(name, isConstant: first == UInt8(ascii: "$"))
    } else if first == UInt8(ascii: "\"") {
      token = .string(try takeString())
    } else {
      guard first < 0x80 else { throw failure("a character outside ASCII stands outside quotes") }
      position += 1
      token = .symbol(Character(Unicode.Scalar(first)))
    }
  }

  /// Takes a token that must be `symbol`.
  mutating func expect(_ symbol: Character) throws(DiagnosticFailure) {
    guard token == .symbol(symbol) else { throw failure("'\(symbol)' is expected here") }
    try advance()
  }

  /// Takes the token if it is `symbol`.
  mutating func take(_ symbol: Character) throws(DiagnosticFailure) -> Bool {
    guard token == .symbol(symbol) else { return false }
    try advance()
    return true
  }

  /// Takes a word that `convert` knows.
  mutating func word<Value>(
    _ what: String, _ convert: (String) -> Value?
  ) throws(DiagnosticFailure) -> Value {
    guard case .word(let word) = token else { throw failure("\(what) is expected here") }
    guard let value = convert(word) else { throw failure("'\(word)' is not \(what)") }
    try advance()
    return value
  }

  /// Takes any word.
  mutating func word(_ what: String) throws(DiagnosticFailure) -> String { try word(what) { $0 } }

  /// Takes the given keyword.
  mutating func keyword(_ keyword: String) throws(DiagnosticFailure) {
    guard token == .word(keyword) else { throw failure("'\(keyword)' is expected here") }
    try advance()
  }

  /// Takes a quoted string.
  mutating func string(_ what: String) throws(DiagnosticFailure) -> String {
    guard case .string(let string) = token else { throw failure("\(what) in quotes is expected here") }
    try advance()
    return string
  }

  /// Takes an integer.
  mutating func integer(_ what: String) throws(DiagnosticFailure) -> Int { try word(what) { Int($0) } }

  /// Takes a finite number.
  mutating func real(_ what: String) throws(DiagnosticFailure) -> Float {
    try word(what) { word in Float(word).flatMap { $0.isFinite ? $0 : nil } }
  }

  /// Requires the line to end here.
  func expectEnd() throws(DiagnosticFailure) {
    if token != .end { throw failure("the line should end here") }
  }

  /// Whether a name can stand in the text form.
  static func isWord(_ name: String) -> Bool { !name.isEmpty && name.utf8.allSatisfy(isWord) }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"),
      UInt8(ascii: "+"):
      true
    default: false
    }
  }

  private mutating func takeWord() -> String {
    let first = position
    while position < bytes.count, Self.isWord(bytes[position]) { position += 1 }
    return String(decoding: bytes[first..<position], as: UTF8.self)
  }

  private mutating func takeString() throws(DiagnosticFailure) -> String {
    var content: [UInt8] = []
    position += 1
    while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
      if bytes[position] == UInt8(ascii: "\\") {
        content += try takeEscape()
      } else {
        content.append(bytes[position])
        position += 1
      }
    }
    guard position < bytes.count else { throw failure("the string does not end on its line") }
    position += 1
    return String(decoding: content, as: UTF8.self)
  }

  private mutating func takeEscape() throws(DiagnosticFailure) -> [UInt8] {
    let rest = bytes[(position + 1)...]
    if let next = rest.first, next == UInt8(ascii: "\"") || next == UInt8(ascii: "\\") {
      position += 2
      return [next]
    }
    if rest.starts(with: "u{".utf8), let close = rest.firstIndex(of: UInt8(ascii: "}")) {
      let digits = String(decoding: bytes[(position + 3)..<close], as: UTF8.self)
      if digits.allSatisfy(\.isHexDigit), let code = UInt32(digits, radix: 16),
        let scalar = Unicode.Scalar(code)
      {
        position = close + 1
        return Array(String(scalar).utf8)
      }
    }
    throw failure("the escape is not one of \\\", \\\\ and \\u{…}")
  }
}
