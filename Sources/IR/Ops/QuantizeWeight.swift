extension OpSpec {
  /// Codes of a weight, clamped to ±127, or to ±7 where groups have factors.
  static let quantizeWeight = OpSpec(
    .quantizeWeight,
    "Codes of a weight, clamped to ±127; with the factors of groups of 4 bits, by scale times factor and clamped to ±7.",
    side: .constant,
    operands: [.constant("weight"), .constant("scales"), .optionalConstant("factors")],
    stages: .ranged ... .quantized,
    type: { context throws(TypeError) in
      let (rows, columns) = try context.floatMatrix(0)
      try requireWeightScales(context, operand: 1, rows: rows)
      try context.groupFactors(2, rows: rows, columns: columns)
      return ValueType(context.operands.count > 2 ? .i4 : .i8, context.operands[0].shape)
    },
    evaluate: { context in
      let (columns, scales, factors) = (context.width, context.operands[1], context.optional(2))
      let highest = factors == nil ? Quantizer.highest : Quantizer.highestGrouped
      return context.operands[0].enumerated().map { index, value in
        let scale = scales[scales.count == 1 ? 0 : index / columns]
        let step = scale * (factors.map { $0[groupIndex(of: index, columns: columns)] } ?? 1)
        return Quantizer.code(value, inverse: Quantizer.inverse(scale: step), low: -highest, high: highest)
      }
    })

  /// Where the factor of a weight's element stands among those of `[rows, groups]`.
  static func groupIndex(of index: Int, columns: Int) -> Int {
    let groups = (columns + Quantizer.group - 1) / Quantizer.group
    return index / columns * groups + index % columns / Quantizer.group
  }

  /// Operand `operand` must be one scale, or one a row.
  static func requireWeightScales(_ context: TypeContext, operand: Int, rows: Int) throws(TypeError) {
    let type = context.operands[operand]
    try context.require(
      type.element == .f32 && (type.shape == [1] || type.shape == [rows]),
      "operand \(operand) is \(type.plain), one scale or one for each of \(rows) rows is needed")
  }
}
