extension OpSpec {
  /// Code times scale, times the factor of its group, of every element of a quantized weight.
  static let dequantizeWeight = OpSpec(
    .dequantizeWeight,
    "Code times scale of every element of a quantized weight; of 4 bits times the factor of its group too.",
    side: .constant,
    operands: [.constant("codes"), .constant("scales"), .optionalConstant("factors")],
    stages: .ranged ... .quantized,
    type: { context throws(TypeError) in
      let (rows, _) = try context.codeMatrix(0, factors: 2)
      try requireWeightScales(context, operand: 1, rows: rows)
      return ValueType(.f32, context.operands[0].shape)
    },
    evaluate: { context in
      let (columns, scales, factors) = (context.width, context.operands[1], context.optional(2))
      return context.operands[0].enumerated().map { index, code in
        let factor = factors.map { $0[groupIndex(of: index, columns: columns)] } ?? 1
        return factor * code * scales[scales.count == 1 ? 0 : index / columns]
      }
    })
}
