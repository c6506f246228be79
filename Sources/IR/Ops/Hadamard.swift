extension OpSpec {
  /// The normalized Hadamard transform of a row.
  static let hadamard = OpSpec(
    .hadamard, "The Hadamard transform of each block of a row, normalized by 1/√block.",
    operands: [.row("x")],
    attributes: [Attribute("block", .integer), Attribute("order", .integer)],
    type: { context throws(TypeError) in
      let width = try context.floatRow(0)
      _ = try hadamardShape(context, width: width)
      return ValueType(.f32, [width])
    },
    evaluate: { context in
      let shape = try hadamardShape(context.node.attributes, width: context.width)
      return context.mapRows { shape.transform($0) }
    })
}
