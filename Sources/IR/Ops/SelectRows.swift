extension OpSpec {
  /// The rows that logits are asked for; what follows runs for them alone.
  static let selectRows = OpSpec(
    .selectRows, "The rows that logits are asked for; what follows runs for these alone.",
    operands: [.row("x")],
    type: { context throws(TypeError) in ValueType(.f32, [try context.floatRow(0)]) },
    evaluate: { $0.operands[0] })
}
