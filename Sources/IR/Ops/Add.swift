extension OpSpec {
  /// a + b.
  static let add = OpSpec(
    .add, "a + b.", operands: [.row("a"), .row("b")],
    type: { context throws(TypeError) in
      let (left, right) = (try context.floatRow(0), try context.floatRow(1))
      try context.require(left == right, "widths \(left) and \(right) differ")
      return ValueType(.f32, [left])
    },
    evaluate: { context in zip(context.operands[0], context.operands[1]).map(+) })
}
