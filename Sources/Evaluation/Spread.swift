public import JSONText

/// The middle and the ends of what several repetitions gave.
public struct Spread: Equatable, Sendable {
  /// The median; of an even number the mean of the two in the middle.
  public let median: Double
  /// The least.
  public let minimum: Double
  /// The greatest.
  public let maximum: Double

  /// Sums up the values of repetitions, at least one.
  public init(_ values: [Double]) {
    precondition(!values.isEmpty, "there is no repetition")
    let sorted = values.sorted()
    median = (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    (minimum, maximum) = (sorted[0], sorted[sorted.count - 1])
  }

  /// The three numbers by name.
  public var json: JSONValue {
    .object([("median", .number(median)), ("minimum", .number(minimum)), ("maximum", .number(maximum))])
  }
}
