extension OpSpec {
  /// Codes of a row.
  static let quantize = OpSpec(
    .quantize,
    "roundHalfEven(clamp(x / scale, -128, 127)), with the scale of the result type; where `bits` is 16, clamped to ±32639.",
    operands: [.row("x")], attributes: [Attribute("bits", .integer, optional: true)],
    stages: .ranged ... .quantized,
    type: { context throws(TypeError) in
      guard let scale = context.scale else { throw TypeError("the result type needs a scale") }
      let bits = context.attributes.integer("bits") ?? 8
      try context.require(bits == 8 || bits == 16, "attribute 'bits' is \(bits), 8 or 16 is needed")
      return ValueType(bits == 16 ? .i16 : .i8, [try context.floatRow(0)], scale: scale)
    },
    evaluate: { context in
      let inverses = context.resultScales.map(Quantizer.inverse(scale:))
      let element = context.node.type.element
      return context.mapRows { row in
        zip(row, inverses).map { Quantizer.code($0, inverse: $1, as: element) }
      }
    })
}
