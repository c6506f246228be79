extension OpSpec {
  /// x · rsqrt(mean(x²) + epsilon) · gain (method: §1, row 1).
  static let rmsNorm = OpSpec(
    .rmsNorm, "x / √(mean(x²) + epsilon) · gain.", operands: [.row("x"), .constant("gain")],
    attributes: [Attribute("epsilon", .real)],
    type: { context throws(TypeError) in
      let width = try context.floatRow(0)
      try context.floatConstant(1, [width])
      _ = try context.positive("epsilon")
      return ValueType(.f32, [width])
    },
    evaluate: { context in
      let epsilon = Double(context.real("epsilon"))
      return context.mapRows { row in
        let mean = row.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(row.count)
        let factor = 1 / (mean + epsilon).squareRoot()
        return zip(row, context.operands[1]).map { Float(Double($0) * factor * Double($1)) }
      }
    })
}
