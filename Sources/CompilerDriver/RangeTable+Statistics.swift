import Calibration
import IR
import Passes

extension RangeTable {
  /// The ranges that a recipe takes from statistics.
  init(_ statistics: Statistics, recipe: Recipe) {
    self.init()
    for tap in statistics.taps {
      ranges[tap.name] = TensorRange(tap, clip: recipe.clip(ofActivation: tap.name))
      let copy = TensorNames.scanCopy(of: tap.name)
      if let clip = recipe.namedClip(ofActivation: copy) { ranges[copy] = TensorRange(tap, clip: clip) }
    }
  }
}

extension TensorRange {
  /// The range of a tensor under a clip.
  fileprivate init(_ tap: TapStatistics, clip: Recipe.Clip) {
    self.init(
      maximum: tap.maximum, channels: tap.channels, clipped: tap.histogram.flatMap { clip.magnitude($0) })
  }
}

extension Recipe.Clip {
  /// The magnitude at which this rule clips a tensor; nil for its maximum.
  func magnitude(_ histogram: Histogram) -> Float? {
    switch self {
    case .maximum: nil
    case .percentile(let percent): histogram.percentile(percent)
    case .leastError: histogram.leastErrorClip()
    }
  }
}
