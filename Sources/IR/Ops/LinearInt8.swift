extension OpSpec {
  /// Product with 8-bit or 4-bit weights and its epilogue: fma(acc, multiplier, bias), rounded where the result is codes.
  static let linearInt8 = OpSpec(
    .linearInt8,
    "fma(Σ x · w, multiplier, bias) with w codes and x codes of one scale or floats; rounded to codes where the result type has a scale. Of 16-bit codes the high and the low bytes are summed apart: fma(Σ high · w, 256, Σ low · w). With the factors of groups of 4 bits, w is code times factor, and x is codes.",
    operands: [
      .row("x"), .constant("weight"), .constant("multiplier"), .constant("bias"),
      .optionalConstant("factors"),
    ],
    stages: .quantized ... .quantized,
    type: { context throws(TypeError) in
      let (outputs, inputs) = try context.codeMatrix(1, factors: 4)
      let input = context.operands[0]
      if case .perChannel? = input.scale {
        throw TypeError("operand 0 has a scale per channel, one is needed")
      }
      try context.require(input.element.isCodes || input.element == .f32, "operand 0 must be codes or f32")
      try context.require(
        input.width == inputs, "the input is \(input.width) wide, the weight takes \(inputs)")
      let isGrouped = context.operands.count > 4
      try context.require(!isGrouped || input.element.isCodes, "operand 0 must be codes, as the weight is i4")
      let most = isGrouped ? Quantizer.groupedInputs : 65_536
      try context.require(
        inputs <= most, "\(inputs) inputs could overflow 32 bits; at most \(most) may be summed")
      try context.floatConstant(2, [outputs])
      try context.floatConstant(3, [outputs])
      return ValueType(context.scale == nil ? .f32 : .i8, [outputs], scale: context.scale)
    },
    evaluate: { context in
      let inputs = context.operandTypes[0].width
      let factors = context.optional(4)
      let weight = context.operands[1].enumerated().map { index, code in
        code * (factors.map { $0[groupIndex(of: index, columns: inputs)] } ?? 1)
      }
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
