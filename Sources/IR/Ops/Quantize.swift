extension OpSpec {
  /// Codes of a row.
  static let quantize = OpSpec(
    .quantize, "roundHalfEven(clamp(x / scale, -128, 127)), with the scale of the result type.",
    operands: [.row("x")], stages: .ranged ... .quantized,
    type: { context throws(TypeError) in
      guard let scale = context.scale else { throw TypeError("the result type needs a scale") }
      return ValueType(.i8, [try context.floatRow(0)], scale: scale)
    },
    evaluate: { context in
      let inverses = context.resultScales.map(Quantizer.inverse(scale:))
      return context.mapRows { row in
        zip(row, inverses).map { Quantizer.code($0, inverse: $1, low: -128) }
      }
    })
}
