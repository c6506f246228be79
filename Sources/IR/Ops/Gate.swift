extension OpSpec {
  /// x times SiLU of a gate.
  static let gate = OpSpec(
    .gate, "x · SiLU(z).", operands: [.row("x"), .row("z")],
    type: { context throws(TypeError) in
      let (width, other) = (try context.floatRow(0), try context.floatRow(1))
      try context.require(width == other, "widths \(width) and \(other) differ")
      return ValueType(.f32, [width])
    },
    evaluate: { context in zip(context.operands[0], context.operands[1]).map { $0 * silu($1) } })
}
