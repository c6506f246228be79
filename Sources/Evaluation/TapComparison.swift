public import JSONText

/// How one tensor of a plan differs from the same in the float model.
public struct TapComparison: Equatable, Sendable {
  /// The tensor's name in the plan.
  public let name: String
  /// The instruction that writes it, by index in the plan.
  public let instruction: Int
  /// `f32`, or the type of its codes.
  public let type: String
  /// The error as the plan runs: with what all instructions before it have lost.
  public let accumulated: TapError
  /// The error of the instruction alone, fed with the float model's values.
  public let alone: TapError
  /// Share of codes at ±127 and −128 as the plan runs; nil for float32.
  public let saturation: Double?
  /// What would mend it, where something would.
  public let hint: String?

  /// The figures by name; a ratio that is infinite is null.
  public var json: JSONValue {
    .object([
      ("tensor", .string(name)), ("instruction", .integer(Int64(instruction))), ("type", .string(type)),
      ("accumulated", accumulated.json), ("alone", alone.json),
      ("saturation", saturation.map { .number($0) } ?? .null),
      ("hint", hint.map { .string($0) } ?? .null),
    ])
  }
}

extension TapError {
  fileprivate var json: JSONValue {
    .object([
      ("sqnr_db", .finite(signalToNoise)), ("cosine", .finite(cosine)),
      ("largest_error", .finite(largest)),
    ])
  }
}

/// How a plan differs from the float model, tensor by tensor.
public struct PlanComparison: Equatable, Sendable {
  /// Tokens compared.
  public let tokens: Int
  /// Windows compared.
  public let windows: Int
  /// The tensors in the order in which the plan writes them.
  public let taps: [TapComparison]
  /// Tensors of the plan that have no counterpart in the float model.
  public let unmatched: [String]

  /// The comparison as in `Schemas/compare.schema.json`.
  public func json(_ taps: [TapComparison]) -> JSONValue {
    .object([
      ("tokens", .integer(Int64(tokens))), ("windows", .integer(Int64(windows))),
      ("taps", .array(taps.map(\.json))), ("unmatched", .array(unmatched.map { .string($0) })),
    ])
  }
}
