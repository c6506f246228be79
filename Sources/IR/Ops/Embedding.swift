extension OpSpec {
  /// The row of a table that the token names.
  static let embedding = OpSpec(
    .embedding, "The row of a table that the token names; a table of codes has one scale a row.",
    operands: [.row("tokens"), .constant("table"), .optionalConstant("row_scales")],
    type: { context throws(TypeError) in
      let (rows, columns) = try context.matrix(1)
      let hasScales = context.operands.count > 2
      try context.require(
        (context.operands[1].element == .i8) == hasScales, "a table of codes, and no other, has scales")
      if hasScales { try context.floatConstant(2, [rows]) }
      try context.require(context.operands[0] == ValueType(.i32, [1]), "operand 0 must be token ids")
      return ValueType(.f32, [columns])
    },
    evaluate: { context in
      let (width, rows) = (context.width, context.operandTypes[1].shape[0])
      return try context.tokens.flatMap { token in
        guard (0..<rows).contains(token) else { throw TypeError("token \(token) is not below \(rows)") }
        let row = context.operands[1][(token * width)..<((token + 1) * width)]
        guard let scale = context.optional(2)?[token] else { return Array(row) }
        return row.map { $0 * scale }
      }
    })
}
