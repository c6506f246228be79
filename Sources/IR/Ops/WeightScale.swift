extension OpSpec {
  /// max|w| / 127 of a weight, for the whole tensor or per row; 1 where the maximum is zero.
  static let weightScale = OpSpec(
    .weightScale, "max|w| / 127, for the whole weight or `per` row; 1 where the maximum is zero.",
    side: .constant,
    operands: [.constant("weight")], attributes: [Attribute("per", .string)], stages: .ranged ... .quantized,
    type: { context throws(TypeError) in
      let (rows, _) = try context.floatMatrix(0)
      switch context.attributes.string("per") {
      case "tensor": return ValueType(.f32, [1])
      case "row": return ValueType(.f32, [rows])
      default: throw TypeError("attribute 'per' is \"tensor\" or \"row\"")
      }
    },
    evaluate: { context in
      let columns = context.operandTypes[0].width
      let perRow = context.node.attributes.string("per") == "row"
      let length = perRow ? columns : context.operands[0].count
      return stride(from: 0, to: context.operands[0].count, by: length).map { start in
        Quantizer.scale(maximum: context.operands[0][start..<(start + length)].reduce(0) { max($0, abs($1)) })
      }
    })
}
