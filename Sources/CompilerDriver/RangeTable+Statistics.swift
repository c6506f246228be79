import Calibration
import IR
import Passes

extension RangeTable {
  /// The ranges that a recipe takes from statistics.
  init(_ statistics: Statistics, recipe: Recipe) {
    self.init()
    for tap in statistics.taps {
      ranges[tap.name] = TensorRange(
        maximum: tap.maximum, channels: tap.channels,
        clipped: tap.histogram.flatMap { recipe.clip(ofActivation: tap.name).magnitude($0) })
    }
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
