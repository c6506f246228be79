public import JSONText
public import PlanRuntime

/// The machine's limits over several measurements.
public struct LimitsSpread: Equatable, Sendable {
  /// Bytes a second that can be read from memory.
  public let readBandwidth: Spread
  /// Multiply-accumulates of int8 a second.
  public let int8Rate: Spread
  /// Fused multiply-adds of float32 a second.
  public let floatRate: Spread

  /// Sums up measurements, at least one.
  public init(_ limits: [MachineLimits]) {
    readBandwidth = Spread(limits.map(\.readBandwidth))
    int8Rate = Spread(limits.map(\.int8Rate))
    floatRate = Spread(limits.map(\.floatRate))
  }

  /// The limits by name.
  public var json: JSONValue {
    .object([
      ("read_bytes_per_second", readBandwidth.json), ("int8_products_per_second", int8Rate.json),
      ("float_products_per_second", floatRate.json),
    ])
  }
}
