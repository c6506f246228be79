extension OpSpec {
  /// Every row of a matrix times a vector, element by element.
  static let scaleColumns = OpSpec(
    .scaleColumns, "Every row of a matrix times a vector, element by element.", side: .constant,
    operands: [.constant("weight"), .constant("factors")],
    type: { context throws(TypeError) in
      let (_, columns) = try context.floatMatrix(0)
      try context.floatConstant(1, [columns])
      return ValueType(.f32, context.operands[0].shape)
    },
    evaluate: { context in
      let columns = context.node.type.width
      return context.operands[0].enumerated().map { index, value in
        Float(Double(value) * Double(context.operands[1][index % columns]))
      }
    })
}
