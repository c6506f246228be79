extension OpSpec {
  /// Codes of a weight, clamped to ±127.
  static let quantizeWeight = OpSpec(
    .quantizeWeight, "Codes of a weight, clamped to ±127.", side: .constant,
    operands: [.constant("weight"), .constant("scales")], stages: .ranged ... .quantized,
    type: { context throws(TypeError) in
      let (rows, _) = try context.floatMatrix(0)
      try requireWeightScales(context, operand: 1, rows: rows)
      return ValueType(.i8, context.operands[0].shape)
    },
    evaluate: { context in
      let columns = context.width
      return context.operands[0].enumerated().map { index, value in
        let scales = context.operands[1]
        let inverse = Quantizer.inverse(scale: scales[scales.count == 1 ? 0 : index / columns])
        return Quantizer.code(value, inverse: inverse, low: -127)
      }
    })

  /// Operand `operand` must be one scale, or one a row.
  static func requireWeightScales(_ context: TypeContext, operand: Int, rows: Int) throws(TypeError) {
    let type = context.operands[operand]
    try context.require(
      type.element == .f32 && (type.shape == [1] || type.shape == [rows]),
      "operand \(operand) is \(type.plain), one scale or one for each of \(rows) rows is needed")
  }
}
