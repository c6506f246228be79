extension OpSpec {
  /// A bias in units of the output scale.
  static let requantizeBias = OpSpec(
    .requantizeBias, "Float(Double(bias) / Double(sY)); sY is `output` or an operand.", side: .constant,
    operands: [.constant("bias"), .optionalConstant("output_scales")],
    attributes: [Attribute("output", .real, optional: true)], stages: .quantized ... .quantized,
    type: { context throws(TypeError) in
      let type = context.operands[0]
      try context.require(type.element.isFloat && type.shape.count == 1, "a vector of floats is needed")
      try requireOneOutputScale(context, shape: type.shape)
      return ValueType(.f32, type.shape)
    },
    evaluate: { context in
      context.operands[0].enumerated().map { row, bias in
        Float(Double(bias) / Double(context.optional(1)?[row] ?? context.real("output")))
      }
    })
  /// The scale of a product's result stands in attribute `output`, in operand 1, or nowhere: it is 1 then.
  static func requireOneOutputScale(_ context: TypeContext, shape: [Int]) throws(TypeError) {
    let (isAttribute, isOperand) = (context.attributes["output"] != nil, context.operands.count > 1)
    try context.require(!(isAttribute && isOperand), "the output scale is given as attribute and as operand")
    if isAttribute { _ = try context.positive("output") }
    if isOperand { try context.floatConstant(1, shape) }
  }
}
