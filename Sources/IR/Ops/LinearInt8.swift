extension OpSpec {
  /// Product with 8-bit weights and its epilogue: fma(acc, multiplier, bias), rounded where the result is codes.
  static let linearInt8 = OpSpec(
    .linearInt8,
    "fma(Σ x · w, multiplier, bias) with w codes and x codes of one scale or floats; rounded to codes where the result type has a scale. Of 16-bit codes the high and the low bytes are summed apart: fma(Σ high · w, 256, Σ low · w).",
    operands: [.row("x"), .constant("weight"), .constant("multiplier"), .constant("bias")],
    stages: .quantized ... .quantized,
    type: { context throws(TypeError) in
      let (outputs, inputs) = try context.codeMatrix(1)
      let input = context.operands[0]
      if case .perChannel? = input.scale {
        throw TypeError("operand 0 has a scale per channel, one is needed")
      }
      try context.require(input.element.isCodes || input.element == .f32, "operand 0 must be codes or f32")
      try context.require(
        input.width == inputs, "the input is \(input.width) wide, the weight takes \(inputs)")
      try context.require(
        inputs <= 65_536, "\(inputs) inputs could overflow 32 bits; at most 65536 may be summed")
      try context.floatConstant(2, [outputs])
      try context.floatConstant(3, [outputs])
      return ValueType(context.scale == nil ? .f32 : .i8, [outputs], scale: context.scale)
    },
    evaluate: { context in
      let (weight, inputs) = (context.operands[1], context.operandTypes[0].width)
      let isCodes = context.node.type.element == .i8
      let isWide = context.operandTypes[0].element == .i16
      return context.mapRows { row in
        let (high, low) = isWide ? planes(row) : ([], Array(row))
        return (0..<context.width).map { output in
          let weights = weight[(output * inputs)..<((output + 1) * inputs)]
          let sum = dot(low, weights).addingProduct(dot(high, weights), 256)
          let y = context.operands[3][output].addingProduct(sum, context.operands[2][output])
          return isCodes ? Quantizer.code(y, inverse: 1, low: -128) : y
        }
      }
    })

  private static func planes(_ row: ArraySlice<Float>) -> (high: [Float], low: [Float]) {
    let planes = row.map(Quantizer.planes)
    return (planes.map(\.high), planes.map(\.low))
  }

  /// The sum of products, rounded once; 0 where there are none.
  private static func dot(_ x: [Float], _ weights: ArraySlice<Float>) -> Float {
    Float(zip(x, weights).reduce(0.0) { $0 + Double($1.0) * Double($1.1) })
  }
}
