import Glibc

extension OpSpec {
  /// How much each expert counts for a row, 0 for most.
  static let route = OpSpec(
    .route,
    "softmax(x), of which the `count` largest stay, of equal ones the first; the others become 0.",
    operands: [.row("x")], attributes: [Attribute("count", .integer)],
    type: { context throws(TypeError) in
      let width = try context.floatRow(0)
      let count = try context.integer("count", atLeast: 1)
      try context.require(count <= width, "\(count) of \(width) experts cannot be chosen")
      return ValueType(.f32, [width])
    },
    evaluate: { context in
      let count = context.integer("count")
      return context.mapRows { row in
        let largest = row.max() ?? 0
        let weights = row.map { exp(Double($0) - Double(largest)) }
        let sum = weights.reduce(0, +)
        let order = weights.indices.sorted { (weights[$1], $0) < (weights[$0], $1) }
        let chosen = Set(order.prefix(count))
        return weights.indices.map { chosen.contains($0) ? Float(weights[$0] / sum) : 0 }
      }
    })
}
