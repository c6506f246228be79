extension OpSpec {
  /// sW · sX / sY of every output of an integer product, computed in double.
  static let requantizeMultiplier = OpSpec(
    .requantizeMultiplier,
    "Float(Double(sW) · Double(sX) / Double(sY)) of each of `rows` outputs; sX is `input`, sY is 1, `output`, or an operand.",
    side: .constant, operands: [.constant("weight_scales"), .optionalConstant("output_scales")],
    attributes: [
      Attribute("input", .real), Attribute("rows", .integer), Attribute("output", .real, optional: true),
    ],
    stages: .quantized ... .quantized,
    type: { context throws(TypeError) in
      let rows = try context.integer("rows", atLeast: 1)
      _ = try context.positive("input")
      try requireWeightScales(context, operand: 0, rows: rows)
      try requireOneOutputScale(context, shape: [rows])
      return ValueType(.f32, [rows])
    },
    evaluate: { context in
      let weights = context.operands[0]
      return (0..<context.width).map { row in
        let output = context.optional(1)?[row] ?? context.real("output")
        return Float(
          Double(weights[weights.count == 1 ? 0 : row]) * Double(context.real("input")) / Double(output))
      }
    })
}
