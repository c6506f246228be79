extension OpSpec {
  /// Every row of a matrix, or element of a vector, times its own factor.
  static let scaleRows = OpSpec(
    .scaleRows, "Every row of a matrix, or element of a vector, times its own factor.", side: .constant,
    operands: [.constant("weight"), .constant("factors")],
    type: { context throws(TypeError) in
      let type = context.operands[0]
      try requireRows(context, operand: 0)
      try context.floatConstant(1, [type.shape[0]])
      return ValueType(.f32, type.shape)
    },
    evaluate: { context in
      let columns = context.operands[0].count / context.node.type.shape[0]
      return context.operands[0].enumerated().map { index, value in
        Float(Double(value) * Double(context.operands[1][index / columns]))
      }
    })
}
