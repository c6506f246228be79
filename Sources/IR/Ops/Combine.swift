extension OpSpec {
  /// What one expert adds to a sum.
  static let combine = OpSpec(
    .combine, "sum + routes[expert] · y, where the route is not 0; else the sum.",
    operands: [.row("sum"), .row("y"), .row("routes")], attributes: [Attribute("expert", .integer)],
    type: { context throws(TypeError) in
      try requireExpert(context, routes: 2)
      let (left, right) = (try context.floatRow(0), try context.floatRow(1))
      try context.require(left == right, "widths \(left) and \(right) differ")
      return ValueType(.f32, [left])
    },
    evaluate: { context in
      let (expert, experts) = (context.integer("expert"), context.operandTypes[2].width)
      return context.operands[0].indices.map { index in
        let route = context.operands[2][index / context.width * experts + expert]
        let sum = context.operands[0][index]
        return route == 0 ? sum : sum.addingProduct(route, context.operands[1][index])
      }
    })
}
