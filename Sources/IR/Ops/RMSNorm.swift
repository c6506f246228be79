extension OpSpec {
  /// x · rsqrt(mean(x²) + epsilon) · gain (method: §1, row 1).
  static let rmsNorm = OpSpec(
    .rmsNorm, "x / √(mean(x²) + epsilon) · gain; with `groups` each of so many equal parts has its own mean.",
    operands: [.row("x"), .constant("gain")],
    attributes: [Attribute("epsilon", .real), Attribute("groups", .integer, optional: true)],
    type: { context throws(TypeError) in
      let width = try context.floatRow(0)
      try context.floatConstant(1, [width])
      _ = try context.positive("epsilon")
      let groups = try context.groups()
      try context.require(width % groups == 0, "\(groups) groups do not divide a width of \(width)")
      return ValueType(.f32, [width])
    },
    evaluate: { context in
      let epsilon = Double(context.real("epsilon"))
      let length = context.width / (context.node.attributes.integer("groups") ?? 1)
      return context.mapRows { row in
        let factors = stride(from: row.startIndex, to: row.endIndex, by: length).map { start in
          let sum = row[start..<(start + length)].reduce(0.0) { $0 + Double($1) * Double($1) }
          return 1 / (sum / Double(length) + epsilon).squareRoot()
        }
        return zip(row, context.operands[1]).enumerated().map { index, pair in
          Float(Double(pair.0) * factors[index / length] * Double(pair.1))
        }
      }
    })
}
