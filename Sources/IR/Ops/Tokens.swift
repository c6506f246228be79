extension OpSpec {
  /// The token ids of the rows.
  static let tokens = OpSpec(
    .tokens, "The token id of each row.",
    type: { _ throws(TypeError) in ValueType(.i32, [1]) },
    evaluate: { context in context.tokens.map { Float($0) } })
}
