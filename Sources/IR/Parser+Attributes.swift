import Diagnostics

extension Parser {
  /// More than any operation has.
  private static let mostAttributes = 16

  /// Takes the attributes of a node, where there are any.
  mutating func parseAttributes() throws(DiagnosticFailure) -> Attributes {
    var attributes: Attributes = [:]
    guard try lexer.take("{") else { return attributes }
    repeat {
      let place = lexer.place
      let name = try lexer.word("an attribute")
      if attributes[name] != nil {
        throw DiagnosticFailure(.badIRText, "attribute '\(name)' is given twice", at: place)
      }
      guard attributes.entries.count < Self.mostAttributes else {
        throw DiagnosticFailure(
          .badIRText, "a node has at most \(Self.mostAttributes) attributes", at: place)
      }
      try lexer.expect("=")
      attributes[name] = try parseValue()
    } while try lexer.take(",")
    try lexer.expect("}")
    return attributes
  }

  private mutating func parseValue() throws(DiagnosticFailure) -> AttributeValue {
    if case .string(let string) = lexer.token {
      try lexer.advance()
      return .string(string)
    }
    guard case .word(let word) = lexer.token else { throw lexer.failure("a value is expected here") }
    if word.first?.isLetter == true { return .source(try parseSource()) }
    return Int(word) != nil ? .integer(try lexer.integer("an integer")) : .real(try lexer.real("a number"))
  }

  private mutating func parseSource() throws(DiagnosticFailure) -> ConstantSource {
    let place = lexer.place
    switch try lexer.word("a source") {
    case "from": return .tensor(try lexer.string("the name of a tensor"))
    case "zero": return .zero
    case "splat": return try parseSplat()
    case "random": return try parseRandom()
    case "signs": return try parseSigns()
    case "values": return try parseValues()
    case let other:
      throw DiagnosticFailure(.badIRText, "there is no source '\(other)'", at: place)
    }
  }

  private mutating func parseSplat() throws(DiagnosticFailure) -> ConstantSource {
    try lexer.expect("(")
    let value = try lexer.real("a number")
    try lexer.expect(")")
    return .splat(value)
  }

  private mutating func parseRandom() throws(DiagnosticFailure) -> ConstantSource {
    try lexer.expect("(")
    let seed = try lexer.integer("a seed")
    try lexer.expect(",")
    let amplitude = try lexer.real("an amplitude")
    try lexer.expect(")")
    return .random(seed: seed, amplitude: amplitude)
  }

  private mutating func parseSigns() throws(DiagnosticFailure) -> ConstantSource {
    try lexer.expect("(")
    let seed = try lexer.integer("a seed")
    try lexer.expect(")")
    return .signs(seed: seed)
  }

  private mutating func parseValues() throws(DiagnosticFailure) -> ConstantSource {
    var values: [Float] = []
    try lexer.expect("[")
    repeat { values.append(try lexer.real("a number")) } while try lexer.take(",")
    try lexer.expect("]")
    return .values(values)
  }
}
