extension OpSpec {
  /// The normalized Hadamard transform of every column of a matrix, or of a vector.
  static let rotateRows = OpSpec(
    .rotateRows, "The normalized Hadamard transform of every column of a matrix, or of a vector.",
    side: .constant, operands: [.constant("weight")],
    attributes: [Attribute("block", .integer), Attribute("order", .integer)],
    type: { context throws(TypeError) in
      let type = context.operands[0]
      try requireRows(context, operand: 0)
      _ = try hadamardShape(context, width: type.shape[0])
      return ValueType(.f32, type.shape)
    },
    evaluate: { context in
      let rows = context.node.type.shape[0]
      let shape = try hadamardShape(context.node.attributes, width: rows)
      var result = context.operands[0]
      let columns = result.count / rows
      for column in 0..<columns {
        let places = Array(stride(from: column, to: result.count, by: columns))
        for (place, value) in zip(places, shape.transform(places.map { result[$0] }[...])) {
          result[place] = value
        }
      }
      return result
    })

  /// Operand `operand` must be a matrix or a vector of floats.
  static func requireRows(_ context: TypeContext, operand: Int) throws(TypeError) {
    let type = context.operands[operand]
    try context.require(
      type.element.isFloat && (1...2).contains(type.shape.count),
      "operand \(operand) is \(type.plain), a matrix or a vector of floats is needed")
  }
}
