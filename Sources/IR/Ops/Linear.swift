extension OpSpec {
  /// W x + bias.
  static let linear = OpSpec(
    .linear, "W · x + bias, with W of shape [outputs, inputs].",
    operands: [.row("x"), .constant("weight"), .optionalConstant("bias")],
    type: { context throws(TypeError) in
      let (outputs, inputs) = try context.floatMatrix(1)
      let width = try context.floatRow(0)
      try context.require(width == inputs, "the input is \(width) wide, the weight takes \(inputs)")
      if context.operands.count > 2 { try context.floatConstant(2, [outputs]) }
      return ValueType(.f32, [outputs])
    },
    evaluate: { context in
      let (weight, bias, inputs) = (context.operands[1], context.optional(2), context.operandTypes[0].width)
      return context.mapRows { row in
        (0..<context.width).map { output in
          let products = zip(row, weight[(output * inputs)..<((output + 1) * inputs)])
          return Float(products.reduce(Double(bias?[output] ?? 0)) { $0 + Double($1.0) * Double($1.1) })
        }
      }
    })
}
