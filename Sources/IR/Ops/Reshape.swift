extension OpSpec {
  /// The same elements as a matrix of `rows` rows.
  static let reshape = OpSpec(
    .reshape, "The same elements as a matrix of `rows` rows.", side: .constant,
    operands: [.constant("table")], attributes: [Attribute("rows", .integer)],
    type: { context throws(TypeError) in
      let rows = try context.integer("rows", atLeast: 1)
      let type = context.operands[0]
      let count = type.elementCount
      try context.require(count < .max && count % rows == 0, "\(type.plain) cannot have \(rows) rows")
      return ValueType(type.element, [rows, count / rows])
    },
    evaluate: { $0.operands[0] })
}
