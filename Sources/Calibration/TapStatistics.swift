/// What calibration has seen of one tensor.
public struct TapStatistics: Equatable, Sendable {
  /// The tensor's name.
  public let name: String
  /// Elements seen.
  public let count: UInt64
  /// Largest |x| of each channel, `[width]`.
  public let channels: [Float]
  /// How often each magnitude was seen; only of the tensors that calibration was asked for.
  public let histogram: Histogram?

  init(name: String, count: UInt64, channels: [Float], histogram: Histogram?) {
    self.name = name
    self.count = count
    self.channels = channels
    self.histogram = histogram
  }

  /// Largest |x| over all channels.
  /// - Complexity: O(width).
  public var maximum: Float { channels.reduce(0) { max($0, $1) } }

  /// Whether both observe the same tensor in the same way.
  func isComparable(with other: TapStatistics) -> Bool {
    name == other.name && channels.count == other.channels.count
      && (histogram == nil) == (other.histogram == nil)
  }

  /// Counts added, maxima compared; nil when a count would pass 63 bits.
  func adding(_ other: TapStatistics) -> TapStatistics? {
    let total = count + other.count
    guard total <= UInt64(Int64.max) else { return nil }
    var sum = histogram
    if let mine = histogram, let theirs = other.histogram {
      guard let both = mine.adding(theirs) else { return nil }
      sum = both
    }
    return TapStatistics(
      name: name, count: total, channels: zip(channels, other.channels).map { max($0, $1) }, histogram: sum)
  }
}
