extension OpSpec {
  /// Every channel of a row times its own factor.
  static let scaleChannels = OpSpec(
    .scaleChannels,
    "Every channel of a row times its own factor, above zero where a quantize reads the result.",
    operands: [.row("x"), .constant("factors")],
    type: { context throws(TypeError) in
      let width = try context.floatRow(0)
      try context.floatConstant(1, [width])
      return ValueType(.f32, [width])
    },
    evaluate: { context in context.mapRows { row in zip(row, context.operands[1]).map(*) } })
}
