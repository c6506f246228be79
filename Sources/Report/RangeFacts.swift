import Calibration

/// What calibration saw of a tensor, beside the range that the plan gives it.
struct RangeFacts {
  let name: String
  let place: TensorName
  /// What calibration saw.
  let tap: TapStatistics
  let summary: TapSummary
  /// The largest magnitude that the plan's codes can hold; nil where each channel has its own, or it is float.
  let clip: Float?

  /// The share of elements that calibration saw above the clip; nil without a histogram or a clip.
  var clippedShare: Double? {
    guard let histogram = tap.histogram, let clip else { return nil }
    return clip < tap.maximum ? histogram.share(above: clip) : 0
  }

  /// All tensors that were observed, in the order of the statistics.
  static func all(_ statistics: Statistics, _ plan: PlanFacts) -> [RangeFacts] {
    let clips = Dictionary(plan.codes.map { ($0.name, $0.clip) }) { first, _ in first }
    return statistics.taps.map { tap in
      RangeFacts(
        name: tap.name, place: TensorName(tap.name), tap: tap, summary: TapSummary(tap),
        clip: clips[tap.name] ?? nil)
    }
  }
}
