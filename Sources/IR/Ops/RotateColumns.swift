extension OpSpec {
  /// The normalized Hadamard transform of every row of a matrix.
  static let rotateColumns = OpSpec(
    .rotateColumns, "The normalized Hadamard transform of every row of a matrix.", side: .constant,
    operands: [.constant("weight")],
    attributes: [Attribute("block", .integer), Attribute("order", .integer)],
    type: { context throws(TypeError) in
      let (_, columns) = try context.floatMatrix(0)
      _ = try hadamardShape(context, width: columns)
      return ValueType(.f32, context.operands[0].shape)
    },
    evaluate: { context in
      let shape = try hadamardShape(context.node.attributes, width: context.width)
      let columns = context.width
      return stride(from: 0, to: context.operands[0].count, by: columns).flatMap { start in
        shape.transform(context.operands[0][start..<(start + columns)])
      }
    })

  /// The shape that the attributes name, which must fill `width`.
  static func hadamardShape(_ context: TypeContext, width: Int) throws(TypeError) -> HadamardShape {
    try hadamardShape(context.attributes, width: width)
  }

  static func hadamardShape(_ attributes: Attributes, width: Int) throws(TypeError) -> HadamardShape {
    let (block, order) = (attributes.integer("block") ?? 0, attributes.integer("order") ?? 0)
    guard let shape = HadamardShape(block: block, order: order), width % block == 0 else {
      throw TypeError("no Hadamard transform of block \(block) and order \(order) fills width \(width)")
    }
    return shape
  }
}
