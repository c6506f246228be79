/// Computes a module by the plain-float meaning of its operations: slow, simple, and the measure of every pass.
public struct Evaluator<Source: TensorSource> {
  /// The module computed.
  public let module: Module
  /// Where checkpoint tensors come from.
  public let source: Source

  /// An evaluator of a verified module.
  public init(_ module: Module, source: Source) {
    self.module = module
    self.source = source
  }

  /// The values of one sequence from its start: `[rows, width]` for rows, `[shape]` for constants.
  /// - Throws: what the source throws; `TypeError` where a token lies outside its table.
  /// - Complexity: that of a direct computation, in double; meant for small models.
  public func run(tokens: [Int]) throws -> [[Float]] {
    var values: [[Float]] = []
    values.reserveCapacity(module.nodes.count)
    for node in module.nodes {
      let types = node.operands.map { module[$0].type }
      let context = EvaluationContext(
        node: node, operands: node.operands.map { values[$0.index] }, operandTypes: types,
        operandScales: types.map { expand($0, values) }, resultScales: expand(node.type, values),
        tokens: tokens,
        source: source)
      values.append(try OpSpec.of(node.op).evaluate(context))
    }
    return values
  }

  /// The logits of every row of one sequence.
  /// - Throws: as `run(tokens:)`.
  public func logits(tokens: [Int]) throws -> [Float] {
    try run(tokens: tokens)[module.result.index]
  }

  private func expand(_ type: ValueType, _ values: [[Float]]) -> [Float] {
    switch type.scale {
    case nil: []
    case .perTensor(let scale): [Float](repeating: scale, count: type.width)
    case .perChannel(let scales): values[scales.index]
    }
  }
}
