/// Largest magnitudes of one tensor, seen in calibration.
public struct TensorRange: Equatable, Sendable {
  /// Largest |x| over all channels.
  public var maximum: Float
  /// Largest |x| of each channel.
  public var channels: [Float]
  /// The magnitude at which the recipe clips the tensor, where it clips.
  public var clipped: Float?

  /// Ranges of one tensor.
  public init(maximum: Float, channels: [Float], clipped: Float? = nil) {
    self.maximum = maximum
    self.channels = channels
    self.clipped = clipped
  }
}

/// Ranges by tensor name.
public struct RangeTable: Equatable, Sendable {
  /// Names are those of the values in the calibrated module.
  public var ranges: [String: TensorRange]

  /// A table of ranges.
  public init(_ ranges: [String: TensorRange] = [:]) { self.ranges = ranges }

  /// The range of a tensor.
  public subscript(name: String) -> TensorRange? { ranges[name] }
}
