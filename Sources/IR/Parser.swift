public import Diagnostics

extension Module {
  /// Reads the text form and verifies the module.
  /// - Throws: `DiagnosticFailure`, with the place in the text, or with what the verifier found.
  public init(parsing text: String) throws(DiagnosticFailure) {
    var parser = Parser()
    self = try parser.parse(text)
    try Verifier.verify(self)
  }
}

private struct Parser {
  private var nodes: [Node] = []
  private var values: [String: ValueID] = [:]

  mutating func parse(_ text: String) throws(DiagnosticFailure) -> Module {
    var header: [String: String] = [:]
    var result: ValueID?
    var version = false
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      var lexer = try Lexer(line, line: index + 1)
      if result != nil, lexer.token != .end { throw lexer.failure("nothing may follow 'return'") }
      switch lexer.token {
      case .end: continue
      case .word("quamba-ir") where !version:
        try lexer.advance()
        guard try lexer.integer("the version") == 1 else { throw lexer.failure("only version 1 is known") }
        version = true
      case .word("return"):
        try lexer.advance()
        result = try value(&lexer)
      case .word(let key) where version:
        try lexer.advance()
        if header[key] != nil { throw lexer.failure("'\(key)' is given twice") }
        if case .string(let string) = lexer.token { header[key] = string } else { header[key] = nil }
        if header[key] == nil { header[key] = try lexer.word("a value") } else { try lexer.advance() }
      case .value where version: try parseNode(&lexer)
      default: throw lexer.failure(version ? "a value is expected here" : "'quamba-ir 1' is expected first")
      }
      try lexer.expectEnd()
    }
    return try module(header, result)
  }

  private func module(_ header: [String: String], _ result: ValueID?) throws(DiagnosticFailure) -> Module {
    func missing(_ what: String) -> DiagnosticFailure { DiagnosticFailure(.badIRText, "\(what) is missing or unknown") }
    if let unknown = header.keys.filter({ !["architecture", "layers", "stage"].contains($0) }).min() {
      throw DiagnosticFailure(.badIRText, "the header field '\(unknown)' is not known")
    }
    guard let architecture = header["architecture"] else { throw missing("'architecture'") }
    guard let layers = header["layers"].flatMap(Int.init) else { throw missing("'layers'") }
    guard let stage = header["stage"].flatMap(Stage.init(rawValue:)) else { throw missing("'stage'") }
    guard let result else { throw missing("'return'") }
    return Module(architecture: architecture, layers: layers, stage: stage, nodes: nodes, result: result)
  }

  private mutating func parseNode(_ lexer: inout Lexer) throws(DiagnosticFailure) {
    guard case .value(let name, let isConstant) = lexer.token else { throw lexer.failure("a value is expected") }
    let key = (isConstant ? "$" : "%") + name
    if values[key] != nil { throw lexer.failure("'\(key)' is defined twice") }
    try lexer.advance()
    try lexer.expect(":")
    let type = try parseType(&lexer)
    try lexer.expect("=")
    let mnemonic = try lexer.word("an operation")
    guard let op = Op(rawValue: mnemonic) else { throw lexer.failure("there is no operation '\(mnemonic)'") }
    let operands = try parseOperands(&lexer)
    let attributes = try parseAttributes(&lexer)
    try lexer.keyword("at")
    let origin = try lexer.string("the origin")
    try lexer.keyword("by")
    let pass = try lexer.word("the name of a pass")
    let node = Node(op, operands, attributes, type: type, name: name, origin: origin, pass: pass)
    if node.isConstant != isConstant {
      throw lexer.failure("\(mnemonic) defines a \(node.isConstant ? "constant, named with '$'" : "row, named with '%'")")
    }
    values[key] = ValueID(nodes.count)
    nodes.append(node)
  }

  private func value(_ lexer: inout Lexer) throws(DiagnosticFailure) -> ValueID {
    guard case .value(let name, let isConstant) = lexer.token else { throw lexer.failure("a value is expected here") }
    guard let id = values[(isConstant ? "$" : "%") + name] else {
      throw lexer.failure("'\(name)' is not defined before this line")
    }
    try lexer.advance()
    return id
  }

  private func parseOperands(_ lexer: inout Lexer) throws(DiagnosticFailure) -> [ValueID] {
    var operands: [ValueID] = []
    try lexer.expect("(")
    if try lexer.take(")") { return operands }
    repeat { operands.append(try value(&lexer)) } while try lexer.take(",")
    try lexer.expect(")")
    return operands
  }

  private func parseType(_ lexer: inout Lexer) throws(DiagnosticFailure) -> ValueType {
    let name = try lexer.word("a type")
    guard let element = ElementType(rawValue: name) else { throw lexer.failure("there is no type '\(name)'") }
    var shape: [Int] = []
    var count = 1
    try lexer.expect("[")
    repeat {
      let size = try lexer.integer("a size")
      let (product, overflow) = count.multipliedReportingOverflow(by: max(size, 0))
      guard size > 0, !overflow, product <= 1 << 40 else { throw lexer.failure("the shape is not a sensible one") }
      count = product
      shape.append(size)
    } while try lexer.take(",")
    try lexer.expect("]")
    guard try lexer.take("@") else { return ValueType(element, shape) }
    guard try lexer.take("[") else {
      return ValueType(element, shape, scale: .perTensor(try lexer.real("a scale")))
    }
    let scales = try value(&lexer)
    try lexer.expect("]")
    return ValueType(element, shape, scale: .perChannel(scales))
  }

  private func parseAttributes(_ lexer: inout Lexer) throws(DiagnosticFailure) -> Attributes {
    var attributes: Attributes = [:]
    guard try lexer.take("{") else { return attributes }
    repeat {
      let name = try lexer.word("an attribute")
      if attributes[name] != nil { throw lexer.failure("attribute '\(name)' is given twice") }
      try lexer.expect("=")
      attributes[name] = try parseValue(&lexer)
    } while try lexer.take(",")
    try lexer.expect("}")
    return attributes
  }

  private func parseValue(_ lexer: inout Lexer) throws(DiagnosticFailure) -> AttributeValue {
    if case .string(let string) = lexer.token {
      try lexer.advance()
      return .string(string)
    }
    guard case .word(let word) = lexer.token else { throw lexer.failure("a value is expected here") }
    if word.first?.isLetter == true { return .source(try parseSource(&lexer)) }
    return Int(word) != nil ? .integer(try lexer.integer("an integer")) : .real(try lexer.real("a number"))
  }

  private func parseSource(_ lexer: inout Lexer) throws(DiagnosticFailure) -> ConstantSource {
    switch try lexer.word("a source") {
    case "from": return .tensor(try lexer.string("the name of a tensor"))
    case "zero": return .zero
    case "splat":
      try lexer.expect("(")
      let value = try lexer.real("a number")
      try lexer.expect(")")
      return .splat(value)
    case "random":
      try lexer.expect("(")
      let seed = try lexer.integer("a seed")
      try lexer.expect(",")
      let amplitude = try lexer.real("an amplitude")
      try lexer.expect(")")
      return .random(seed: seed, amplitude: amplitude)
    case "values":
      var values: [Float] = []
      try lexer.expect("[")
      repeat { values.append(try lexer.real("a number")) } while try lexer.take(",")
      try lexer.expect("]")
      return .values(values)
    case let other: throw lexer.failure("there is no source '\(other)'")
    }
  }
}
