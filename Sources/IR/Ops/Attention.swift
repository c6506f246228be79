import Glibc

extension OpSpec {
  /// Causal attention without positions; heads share keys and values in equal groups.
  static let attention = OpSpec(
    .attention,
    "softmax(q · k · scale) · v over all rows so far, head by head; `heads` heads share the keys and values of `key_heads` in equal groups.",
    operands: [.row("q"), .row("k"), .row("v")],
    attributes: [Attribute("heads", .integer), Attribute("key_heads", .integer), Attribute("scale", .real)],
    type: { context throws(TypeError) in
      let (queries, keys, values) = (
        try context.floatRow(0), try context.floatRow(1), try context.floatRow(2)
      )
      let heads = try context.integer("heads", atLeast: 1)
      let keyHeads = try context.integer("key_heads", atLeast: 1)
      _ = try context.positive("scale")
      try context.require(
        heads % keyHeads == 0, "\(heads) heads cannot share the keys of \(keyHeads) in equal groups")
      try context.require(queries % heads == 0, "q is \(queries) wide, which \(heads) heads do not divide")
      let width = queries / heads * keyHeads
      try context.require(
        keys == width && values == width, "k and v are \(keys) and \(values) wide, \(width) is needed")
      return ValueType(.f32, [queries])
    },
    evaluate: { context in
      let heads = context.integer("heads")
      return (0..<context.rows).flatMap { row in
        (0..<heads).flatMap { attend(context, row: row, head: $0) }
      }
    })

  /// One head of one row.
  private static func attend(_ context: EvaluationContext, row: Int, head: Int) -> [Float] {
    let (heads, keyHeads) = (context.integer("heads"), context.integer("key_heads"))
    let dim = context.width / heads
    let keyHead = head / (heads / keyHeads)
    let element = { (operand: Int, row: Int, head: Int, d: Int) in
      Double(context.operands[operand][row * context.operandTypes[operand].width + head * dim + d])
    }
    let scores = (0...row).map { key in
      (0..<dim).reduce(0.0) { $0 + element(0, row, head, $1) * element(1, key, keyHead, $1) }
        * Double(context.real("scale"))
    }
    let largest = scores.max() ?? 0
    let weights = scores.map { exp($0 - largest) }
    let sum = weights.reduce(0, +)
    return (0..<dim).map { d in
      Float(weights.indices.reduce(0.0) { $0 + weights[$1] * element(2, $1, keyHead, d) } / sum)
    }
  }
}
