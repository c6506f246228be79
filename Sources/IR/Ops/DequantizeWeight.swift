extension OpSpec {
  /// Code times scale of every element of a quantized weight.
  static let dequantizeWeight = OpSpec(
    .dequantizeWeight, "Code times scale of every element of a quantized weight.", side: .constant,
    operands: [.constant("codes"), .constant("scales")], stages: .ranged ... .quantized,
    type: { context throws(TypeError) in
      let (rows, _) = try context.codeMatrix(0)
      try requireWeightScales(context, operand: 1, rows: rows)
      return ValueType(.f32, context.operands[0].shape)
    },
    evaluate: { context in
      let columns = context.width
      let scales = context.operands[1]
      return context.operands[0].enumerated().map { index, code in
        code * scales[scales.count == 1 ? 0 : index / columns]
      }
    })
}
