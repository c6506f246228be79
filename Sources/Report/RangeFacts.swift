import Calibration

/// What calibration saw of a tensor, beside the range that the plan gives it.
struct RangeFacts {
  let name: String
  let place: TensorName
  /// What calibration saw.
  let tap: TapStatistics
  let summary: TapSummary
  /// Whether the plan has 8-bit codes of it.
  let hasCodes: Bool
  /// Whether the plan's 8-bit codes have one scale for all channels.
  let hasOneScale: Bool
  /// The largest magnitude that the plan's codes can hold; nil where it is float, or each channel has its own maximum.
  let clip: Float?

  /// The share of elements that calibration saw above the clip; nil without a histogram or a clip.
  var clippedShare: Double? {
    guard let histogram = tap.histogram, let clip else { return nil }
    return clip < tap.maximum ? histogram.share(above: clip) : 0
  }

  /// All tensors that were observed, in the order of the statistics.
  static func all(_ statistics: Statistics, _ plan: PlanFacts) -> [RangeFacts] {
    let codes = Dictionary(plan.codes.map { ($0.name, $0) }) { first, _ in first }
    return statistics.taps.map { tap in
      let clip = codes[tap.name]?.clip ?? nil
      let hasOneScale = clip != nil && codes[tap.name]?.scales.count == 1
      return RangeFacts(
        name: tap.name, place: TensorName(tap.name), tap: tap, summary: TapSummary(tap),
        hasCodes: codes[tap.name] != nil, hasOneScale: hasOneScale,
        clip: clip.flatMap { hasOneScale || $0 < tap.maximum * 0.999 ? $0 : nil })
    }
  }
}
