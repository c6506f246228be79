/// What statistics tell of one tensor, in a few numbers.
public struct TapSummary: Sendable {
  /// Percentiles that are given: their names, and in percent.
  public static let percents = [("99", 99), ("99.9", 99.9), ("99.99", 99.99), ("99.999", 99.999)]

  /// The tensor's name.
  public let name: String
  /// Elements seen.
  public let count: UInt64
  /// Channels of the tensor.
  public let width: Int
  /// Largest |x| over all channels.
  public let maximum: Float
  /// Median over the channels of their largest |x|; the mean of both in the middle where their number is even.
  public let medianChannel: Double
  /// Channels that were zero throughout.
  public let zeroChannels: Int
  /// Magnitudes that `percents` of all elements do not exceed; nil without a histogram.
  public let percentiles: [Float]?
  /// The clip of least squared error; nil without a histogram.
  public let leastErrorClip: Float?

  /// The summary of what was seen of a tensor.
  public init(_ tap: TapStatistics) {
    name = tap.name
    count = tap.count
    width = tap.channels.count
    maximum = tap.maximum
    let sorted = tap.channels.sorted()
    medianChannel = (Double(sorted[(width - 1) / 2]) + Double(sorted[width / 2])) / 2
    zeroChannels = sorted.count { $0 == 0 }
    percentiles = tap.histogram.map { histogram in Self.percents.map { histogram.percentile($0.1) } }
    leastErrorClip = tap.histogram?.leastErrorClip()
  }

  /// How far the largest channel stands out: its maximum over that of the median channel.
  ///
  /// Infinite where most channels are zero and not all; nil where all are.
  public var outlierRatio: Double? { maximum > 0 ? Double(maximum) / medianChannel : nil }

  /// Whether this tensor comes before another in a list that begins with the worst.
  public func isWorse(than other: TapSummary) -> Bool {
    let (mine, theirs) = (outlierRatio ?? -1, other.outlierRatio ?? -1)
    return mine == theirs ? name < other.name : mine > theirs
  }
}
