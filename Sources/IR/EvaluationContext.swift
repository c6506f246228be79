/// What the meaning of an operation sees: plain floats, row-major; codes of quantized values are floats too.
public struct EvaluationContext {
  /// The node being evaluated.
  public let node: Node
  /// Operand values: constants `[shape]`, rows `[rows, width]`.
  public let operands: [[Float]]
  /// Types of the operands.
  public let operandTypes: [ValueType]
  /// Scale of operand i, one per channel; empty where it has none.
  public let operandScales: [[Float]]
  /// Scale of the result, one per channel; empty where it has none.
  public let resultScales: [Float]
  /// The tokens of the sequence.
  public let tokens: [Int]
  /// Where constants come from.
  public let source: any TensorSource

  /// Number of rows: one per token.
  public var rows: Int { tokens.count }
  /// Width of the result.
  public var width: Int { node.type.width }

  func integer(_ name: String) -> Int { node.attributes.integer(name) ?? 0 }
  func real(_ name: String) -> Float { node.attributes.real(name) ?? 1 }

  /// Operand `index` where present.
  func optional(_ index: Int) -> [Float]? { index < operands.count ? operands[index] : nil }

  /// Computes each row of the result from the same row of operand 0.
  func mapRows(_ body: (ArraySlice<Float>) -> [Float]) -> [Float] {
    let width = operandTypes[0].width
    return (0..<rows).flatMap { row in body(operands[0][(row * width)..<((row + 1) * width)]) }
  }
}
