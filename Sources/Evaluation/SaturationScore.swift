public import JSONText

/// How many 8-bit codes are at the ends of their range, ±127 or −128, where values may have been clipped.
public struct SaturationScore: Equatable, Sendable {
  /// Tensors of one kind, such as every layer's `x`.
  public struct TensorClass: Equatable, Sendable {
    /// The last part of the tensors' names.
    public let name: String
    /// Codes seen.
    public let codes: Int
    /// The share of them at an end.
    public let share: Double
    /// The share at each range of positions.
    public let positions: [Double]
    /// The tensor with the largest share.
    public let worstTensor: String
    /// Its share.
    public let worstShare: Double
  }

  /// Positions in the window, as `TensorClass.positions` has them.
  public let positions: [Range<Int>]
  /// The classes, the most saturated first.
  public let classes: [TensorClass]

  /// The shares by name.
  public var json: JSONValue {
    .array(
      classes.map { tensors in
        .object([
          ("class", .string(tensors.name)), ("codes", .integer(Int64(tensors.codes))),
          ("share", .number(tensors.share)), ("worst_tensor", .string(tensors.worstTensor)),
          ("worst_share", .number(tensors.worstShare)),
          (
            "positions",
            .array(
              zip(positions, tensors.positions).map { range, share in
                .object([
                  ("from", .integer(Int64(range.lowerBound))), ("to", .integer(Int64(range.upperBound))),
                  ("share", .number(share)),
                ])
              })
          ),
        ])
      })
  }
}
