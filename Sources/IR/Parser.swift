public import Diagnostics

extension Module {
  /// Reads the text form and verifies the module.
  /// - Throws: `DiagnosticFailure`, with the place in the text, or with what the verifier found.
  public init(parsing text: String) throws(DiagnosticFailure) {
    var parser = try Parser(text)
    self = try parser.module()
    do {
      try Verifier.verify(self)
    } catch {
      // The text is at fault, not the tool.
      throw DiagnosticFailure(
        error.diagnostics.map { finding in
          var finding = finding
          finding.code = .badIRText
          return finding
        })
    }
  }
}

/// Reads the text form line by line; `lexer` stands on the line under the cursor.
struct Parser {
  private let lines: [[UInt8]]
  private var number = 1
  private var nodes: [Node] = []
  private var values: [String: ValueID] = [:]
  var lexer: Lexer

  init(_ text: String) throws(DiagnosticFailure) {
    lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
    lexer = try Lexer(lines[0], number: number)
    try skipEmptyLines()
  }

  mutating func module() throws(DiagnosticFailure) -> Module {
    try lexer.keyword("quamba-ir")
    guard lexer.token == .word("1") else { throw lexer.failure("only version 1 is known") }
    try lexer.advance()
    try endLine()
    let architecture = try header("architecture") { lexer throws(DiagnosticFailure) in
      try lexer.string("the architecture")
    }
    let layers = try header("layers") { lexer throws(DiagnosticFailure) in
      try lexer.word("a number of layers") { Int($0).flatMap { $0 < 0 ? nil : $0 } }
    }
    let stage = try header("stage") { lexer throws(DiagnosticFailure) in
      try lexer.word("a stage") { Stage(rawValue: $0) }
    }
    while case .value(let name, let isConstant) = lexer.token {
      try parseNode(name, isConstant: isConstant)
      try endLine()
    }
    try lexer.keyword("return")
    let result = try value()
    try endLine()
    guard lexer.token == .end else { throw lexer.failure("nothing may follow 'return'") }
    return Module(architecture: architecture, layers: layers, stage: stage, nodes: nodes, result: result)
  }

  /// Requires the line to end, and moves to the next one that is not empty, or to the end of the last one.
  private mutating func endLine() throws(DiagnosticFailure) {
    try lexer.expectEnd()
    try skipEmptyLines()
  }

  private mutating func skipEmptyLines() throws(DiagnosticFailure) {
    while lexer.token == .end, number < lines.count {
      number += 1
      lexer = try Lexer(lines[number - 1], number: number)
    }
  }

  /// Takes a line of the header: its keyword, and what `take` makes of the rest.
  private mutating func header<Value>(
    _ keyword: String, _ take: (inout Lexer) throws(DiagnosticFailure) -> Value
  ) throws(DiagnosticFailure) -> Value {
    try lexer.keyword(keyword)
    let value = try take(&lexer)
    try endLine()
    return value
  }

  private mutating func parseNode(_ name: String, isConstant: Bool) throws(DiagnosticFailure) {
    let key = Self.key(name, isConstant)
    if values[key] != nil { throw lexer.failure("'\(key)' is defined twice") }
    try lexer.advance()
    try lexer.expect(":")
    let type = try parseType()
    try lexer.expect("=")
    let op = try parseOp(isConstant: isConstant)
    let operands = try parseOperands()
    let attributes = try parseAttributes()
    try lexer.keyword("at")
    let origin = try lexer.string("the origin")
    try lexer.keyword("by")
    let pass = try lexer.word("the name of a pass")
    values[key] = ValueID(nodes.count)
    nodes.append(Node(op, operands, attributes, type: type, name: name, origin: origin, pass: pass))
  }

  private mutating func parseOp(isConstant: Bool) throws(DiagnosticFailure) -> Op {
    let place = lexer.place
    let op = try lexer.word("an operation") { Op(rawValue: $0) }
    if (OpSpec.of(op).side == .constant) != isConstant {
      let kind = isConstant ? "a row, named with '%'" : "a constant, named with '$'"
      throw DiagnosticFailure(.badIRText, "\(op.rawValue) defines \(kind)", at: place)
    }
    return op
  }

  private mutating func parseOperands() throws(DiagnosticFailure) -> [ValueID] {
    var operands: [ValueID] = []
    try lexer.expect("(")
    if try lexer.take(")") { return operands }
    repeat { operands.append(try value()) } while try lexer.take(",")
    try lexer.expect(")")
    return operands
  }

  private mutating func parseType() throws(DiagnosticFailure) -> ValueType {
    let element = try lexer.word("a type") { ElementType(rawValue: $0) }
    var shape: [Int] = []
    try lexer.expect("[")
    repeat { shape.append(try parseSize(after: shape)) } while try lexer.take(",")
    try lexer.expect("]")
    guard try lexer.take("@") else { return ValueType(element, shape) }
    guard try lexer.take("[") else {
      return ValueType(element, shape, scale: .perTensor(try lexer.real("a scale")))
    }
    let scales = try value()
    try lexer.expect("]")
    return ValueType(element, shape, scale: .perChannel(scales))
  }

  /// Takes one size; all together have at most 8 dimensions and 2^40 elements.
  private mutating func parseSize(after sizes: [Int]) throws(DiagnosticFailure) -> Int {
    let place = lexer.place
    let size = try lexer.integer("a size")
    let (count, overflow) = sizes.reduce(1, *).multipliedReportingOverflow(by: max(size, 0))
    guard size > 0, !overflow, count <= 1 << 40, sizes.count < 8 else {
      throw DiagnosticFailure(.badIRText, "the shape is empty or beyond 8 sizes and 2^40 elements", at: place)
    }
    return size
  }

  private mutating func value() throws(DiagnosticFailure) -> ValueID {
    guard case .value(let name, let isConstant) = lexer.token else {
      throw lexer.failure("a value is expected here")
    }
    guard let id = values[Self.key(name, isConstant)] else {
      throw lexer.failure("'\(Self.key(name, isConstant))' is not defined before this line")
    }
    try lexer.advance()
    return id
  }

  private static func key(_ name: String, _ isConstant: Bool) -> String { (isConstant ? "$" : "%") + name }
}
