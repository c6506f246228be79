import Glibc

extension OpSpec {
  /// x · sigmoid(x).
  static let silu = OpSpec(
    .silu, "x / (1 + exp(-x)).", operands: [.row("x")],
    type: { context throws(TypeError) in ValueType(.f32, [try context.floatRow(0)]) },
    evaluate: { context in context.operands[0].map(silu(_:)) })

  static func silu(_ x: Float) -> Float { Float(Double(x) / (1 + exp(-Double(x)))) }
}
