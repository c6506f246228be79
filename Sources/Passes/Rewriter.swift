import Diagnostics
import IR

/// Builds the module after a pass while walking the module before it; all mutation goes through here.
struct Rewriter {
  /// The module before the pass.
  let before: Module
  /// What is to be quantized, and how.
  let recipe: Recipe
  /// Ranges seen in calibration.
  let ranges: RangeTable
  /// For each value before the pass, the nodes that use it.
  let uses: [[ValueID]]
  /// Warnings, notes and errors.
  var findings: [Diagnostic] = []
  private var builder: ModuleBuilder
  private var images: [ValueID?]

  init(_ module: Module, pass: String, recipe: Recipe, ranges: RangeTable) {
    before = module
    self.recipe = recipe
    self.ranges = ranges
    uses = module.uses()
    builder = ModuleBuilder(pass: pass)
    images = Array(repeating: nil, count: module.nodes.count)
  }

  /// What a value before the pass has become.
  func image(_ old: ValueID) -> ValueID {
    guard let image = images[old.index] else {
      preconditionFailure("a value is used before it was rewritten")
    }
    return image
  }

  /// Whether a value before the pass has become something already.
  func isRewritten(_ old: ValueID) -> Bool { images[old.index] != nil }

  /// What a constant has become, after copying it and all that it is made of ahead of its turn.
  mutating func hoist(_ constant: ValueID) -> ValueID {
    if let image = images[constant.index] { return image }
    for operand in before[constant].operands { _ = hoist(operand) }
    return copy(constant)
  }

  /// The node of a value built so far.
  func built(_ id: ValueID) -> Node { builder[id] }

  /// Lets `new` stand for `old` from here on.
  mutating func replace(_ old: ValueID, by new: ValueID) { images[old.index] = new }

  /// Copies a node, its operands replaced by their images, or by `operands`.
  @discardableResult
  mutating func copy(_ old: ValueID, operands: [ValueID]? = nil, name: String? = nil) -> ValueID {
    var node = before[old]
    node.operands = operands ?? node.operands.map(image)
    if case .perChannel(let scales)? = node.type.scale { node.type.scale = .perChannel(image(scales)) }
    if let name { node.name = name }
    let new = builder.append(node)
    images[old.index] = new
    return new
  }

  /// Appends a new node; its origin is that of `old`.
  mutating func emit(
    _ op: Op, _ operands: [ValueID], _ attributes: Attributes = [:], name: String, for old: ValueID,
    scale: Scale? = nil
  ) throws -> ValueID {
    try builder.emit(op, operands, attributes, name: name, origin: before[old].origin, scale: scale)
  }

  /// Appends a new float32 constant; its origin is that of `old`.
  mutating func constant(_ source: ConstantSource, _ shape: [Int], name: String, for old: ValueID) -> ValueID
  {
    builder.constant(source, type: ValueType(.f32, shape), name: name, origin: before[old].origin)
  }

  /// The module after the pass, without what the result does not need.
  func finish(stage: Stage) -> Module {
    let nodes = builder.nodes
    let result = image(before.result)
    var isLive = [Bool](repeating: false, count: nodes.count)
    isLive[result.index] = true
    for index in nodes.indices.reversed() where isLive[index] {
      for used in nodes[index].dependencies { isLive[used.index] = true }
    }
    var position = [Int](repeating: 0, count: nodes.count)
    var kept: [Node] = []
    for (index, node) in nodes.enumerated() where isLive[index] {
      position[index] = kept.count
      kept.append(Self.renumbered(node) { ValueID(position[$0.index]) })
    }
    return Module(
      architecture: before.architecture, layers: before.layers, stage: stage, nodes: kept,
      result: ValueID(position[result.index]))
  }

  private static func renumbered(_ node: Node, _ number: (ValueID) -> ValueID) -> Node {
    var node = node
    node.operands = node.operands.map(number)
    if case .perChannel(let scales)? = node.type.scale { node.type.scale = .perChannel(number(scales)) }
    return node
  }
}
