extension OpSpec {
  /// Channels `start ..< start + count` of a row.
  static let slice = OpSpec(
    .slice, "Channels `start ..< start + count` of a row.", operands: [.row("x")],
    attributes: [Attribute("start", .integer), Attribute("count", .integer)],
    stages: .imported ... .imported,
    type: { context throws(TypeError) in
      let (start, count) = (try context.integer("start"), try context.integer("count", atLeast: 1))
      let width = try context.floatRow(0)
      try context.require(
        start <= width && count <= width - start, "channels \(start) and \(count) more do not lie in \(width)"
      )
      return ValueType(.f32, [count])
    },
    evaluate: { context in
      let start = context.integer("start")
      return context.mapRows { Array($0.dropFirst(start).prefix(context.width)) }
    })
}
