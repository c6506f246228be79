extension OpSpec {
  /// The rows that one expert works on.
  static let dispatch = OpSpec(
    .dispatch,
    "The rows of x whose route to `expert` is not 0; what is made of the others is never read.",
    operands: [.row("x"), .row("routes")], attributes: [Attribute("expert", .integer)],
    type: { context throws(TypeError) in
      try requireExpert(context, routes: 1)
      return ValueType(.f32, [try context.floatRow(0)])
    },
    evaluate: { $0.operands[0] })

  /// The attribute `expert` must name one of those that operand `routes` has a weight for.
  static func requireExpert(_ context: TypeContext, routes: Int) throws(TypeError) {
    let (count, expert) = (try context.floatRow(routes), try context.integer("expert"))
    try context.require(expert < count, "there is no expert \(expert) among \(count)")
  }
}
