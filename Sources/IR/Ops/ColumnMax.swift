extension OpSpec {
  /// max|w| of every column of a weight, and of the columns measured before.
  static let columnMax = OpSpec(
    .columnMax, "max|w| of every column of a weight, or what `others` has where that is larger.",
    side: .constant, operands: [.constant("weight"), .optionalConstant("others")],
    type: { context throws(TypeError) in
      let (_, columns) = try context.floatMatrix(0)
      if context.operands.count > 1 { try context.floatConstant(1, [columns]) }
      return ValueType(.f32, [columns])
    },
    evaluate: { context in
      var largest = context.optional(1) ?? [Float](repeating: 0, count: context.width)
      for (index, value) in context.operands[0].enumerated() {
        largest[index % context.width] = max(largest[index % context.width], abs(value))
      }
      return largest
    })
}
