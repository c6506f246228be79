extension OpSpec {
  /// Code times scale.
  static let dequantize = OpSpec(
    .dequantize, "Code times the scale of the operand's type.", operands: [.row("codes")],
    stages: .ranged ... .quantized,
    type: { context throws(TypeError) in
      let type = context.operands[0]
      try context.require(
        type.element.isCodes && type.scale != nil, "operand 0 is \(type.plain), codes are needed")
      return ValueType(.f32, type.shape)
    },
    evaluate: { context in context.mapRows { row in zip(row, context.operandScales[0]).map(*) } })
}
