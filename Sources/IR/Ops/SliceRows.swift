extension OpSpec {
  /// Rows `start ..< start + count` of a constant.
  static let sliceRows = OpSpec(
    .sliceRows, "Rows `start ..< start + count` of a constant, which may be a vector.", side: .constant,
    operands: [.constant("table")], attributes: [Attribute("start", .integer), Attribute("count", .integer)],
    type: { context throws(TypeError) in
      let (start, count) = (try context.integer("start"), try context.integer("count", atLeast: 1))
      let type = context.operands[0]
      let rows = type.shape.first ?? 0
      try context.require(
        start <= rows && count <= rows - start, "rows \(start) and \(count) more do not lie in \(type.plain)")
      return ValueType(type.element, [count] + type.shape.dropFirst())
    },
    evaluate: { context in
      let row = context.node.type.elementCount / context.integer("count")
      let start = context.integer("start") * row
      return Array(context.operands[0][start..<(start + context.node.type.elementCount)])
    })
}
