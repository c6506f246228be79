public import Diagnostics

/// Checks that a module is well formed; every finding is reported.
public struct Verifier {
  private let module: Module
  private var findings: [Diagnostic] = []

  /// Checks a module.
  /// - Throws: `DiagnosticFailure` with every finding.
  /// - Complexity: O(nodes + operands).
  public static func verify(_ module: Module) throws(DiagnosticFailure) {
    var verifier = Verifier(module: module)
    verifier.run()
    if !verifier.findings.isEmpty { throw DiagnosticFailure(verifier.findings) }
  }

  private init(module: Module) { self.module = module }

  private mutating func run() {
    var names: Set<String> = []
    for (index, node) in module.nodes.enumerated() {
      if !names.insert(node.name).inserted { report(node, "the name is used twice") }
      for name in [node.name, node.pass] where !Lexer.isWord(name) {
        report(node, "\(quoted(name)) is not made of ASCII letters, digits, '_', '.', '-' and '+'")
      }
      check(node, at: index)
    }
    if !module.nodes.indices.contains(module.result.index) {
      findings.append(Diagnostic(.badIR, "the module has no result"))
    } else if module[module.result].isConstant {
      report(module[module.result], "the result is a constant")
    }
  }

  private mutating func check(_ node: Node, at index: Int) {
    let spec = OpSpec.of(node.op)
    if !spec.stages.contains(module.stage) {
      report(node, "\(node.op.rawValue) may not stand in stage \(module.stage.rawValue)")
    }
    guard node.dependencies.allSatisfy({ (0..<index).contains($0.index) }) else {
      return report(node, "it uses a value that is not defined before it")
    }
    let isSound = [checkAttributes(node, spec), checkScale(node), checkOperands(node, spec)]
    if !isSound.contains(false) { checkType(node, spec) }
  }

  private mutating func checkOperands(_ node: Node, _ spec: OpSpec) -> Bool {
    let before = findings.count
    let required = spec.operands.count { !$0.isOptional }
    guard (required...spec.operands.count).contains(node.operands.count) else {
      let needed = required == spec.operands.count ? "\(required)" : "\(required) or \(spec.operands.count)"
      report(node, "\(node.op.rawValue) has \(node.operands.count) operands, \(needed) are needed")
      return false
    }
    for (operand, id) in zip(spec.operands, node.operands)
    where module[id].isConstant != (operand.side == .constant) {
      report(node, "operand '\(operand.name)' is \(operand.side == .constant ? "not a" : "a") constant")
    }
    return findings.count == before
  }

  private mutating func checkAttributes(_ node: Node, _ spec: OpSpec) -> Bool {
    let before = findings.count
    for attribute in spec.attributes {
      guard let value = node.attributes[attribute.name] else {
        if !attribute.isOptional { report(node, "attribute '\(attribute.name)' is missing") }
        continue
      }
      if value.kind != attribute.kind { report(node, "attribute '\(attribute.name)' is of the wrong kind") }
    }
    for entry in node.attributes.entries where !spec.attributes.contains(where: { $0.name == entry.name }) {
      report(node, "there is no attribute '\(entry.name)'")
    }
    return findings.count == before
  }

  private mutating func checkScale(_ node: Node) -> Bool {
    let before = findings.count
    switch node.type.scale {
    case nil: break
    case _ where node.isConstant || !node.type.element.isCodes:
      report(node, "only a row of codes has a scale")
    case .perTensor(let scale):
      if !(scale.isFinite && scale > 0) { report(node, "the scale \(scale) is not finite and above zero") }
    case .perChannel(let id):
      if !module[id].isConstant || module[id].type != ValueType(.f32, [node.type.width]) {
        report(node, "the scales are no constant f32[\(node.type.width)]")
      }
    }
    return findings.count == before
  }

  private mutating func checkType(_ node: Node, _ spec: OpSpec) {
    if node.op == .constant { return checkConstant(node) }
    let context = TypeContext(
      operands: node.operands.map { module[$0].type }, attributes: node.attributes, scale: node.type.scale)
    do {
      let type = try spec.inferType(context)
      if type != node.type {
        report(node, "the type is \(node.type.plain), \(type.plain) follows from the operands")
      }
    } catch {
      report(node, error.message)
    }
  }

  private mutating func checkConstant(_ node: Node) {
    if node.type.shape.isEmpty || node.type.shape.contains(where: { $0 < 1 }) {
      report(node, "the shape \(node.type.plain) is empty")
    }
    guard case .source(let source)? = node.attributes["source"] else { return }
    if case .tensor = source {
      if !node.type.element.isFloat { report(node, "a checkpoint tensor must be floats") }
      return
    }
    if node.type.element != .f32 { report(node, "only a checkpoint tensor may be other than f32") }
    if !source.isFinite { report(node, "the source \(source.text) is not finite") }
    if case .values(let values) = source, values.count != node.type.elementCount {
      report(node, "\(values.count) values are given for \(node.type.plain)")
    }
  }

  private mutating func report(_ node: Node, _ message: String) {
    findings.append(Diagnostic(.badIR, message, at: .node(node.name)))
  }
}

extension ConstantSource {
  /// Whether every number that the source gives is finite, as far as can be seen without reading a tensor.
  fileprivate var isFinite: Bool {
    switch self {
    case .tensor, .zero, .signs: true
    case .splat(let value): value.isFinite
    case .random(_, let amplitude): amplitude.isFinite
    case .values(let values): values.allSatisfy(\.isFinite)
    }
  }
}
