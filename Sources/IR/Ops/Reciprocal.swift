extension OpSpec {
  /// 1 / x of every element, computed in double.
  static let reciprocal = OpSpec(
    .reciprocal, "1 / x of every element, computed in double.", side: .constant,
    operands: [.constant("factors")],
    type: { context throws(TypeError) in
      try context.require(context.operands[0].element.isFloat, "floats are needed")
      return ValueType(.f32, context.operands[0].shape)
    },
    evaluate: { context in context.operands[0].map { Float(1 / Double($0)) } })
}
