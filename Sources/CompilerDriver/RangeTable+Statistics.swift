import Calibration
import Diagnostics
import IR
import Passes

extension RangeTable {
  /// The ranges that a recipe takes from statistics.
  /// - Throws: `DiagnosticFailure` (`missing-range`) naming every tensor that the recipe clips and that has no histogram.
  init(_ statistics: Statistics, recipe: Recipe) throws(DiagnosticFailure) {
    self.init()
    var findings: [Diagnostic] = []
    for tap in statistics.taps {
      let clip = recipe.clip(ofActivation: tap.name)
      ranges[tap.name] = TensorRange(tap, clip: clip)
      let copy = TensorNames.scanCopy(of: tap.name)
      let copyClip = recipe.namedClip(ofActivation: copy)
      if let copyClip { ranges[copy] = TensorRange(tap, clip: copyClip) }
      let isClipped = clip != .maximum || copyClip ?? .maximum != .maximum
      if isClipped && tap.histogram == nil && Recipe.TensorClass(ofTensor: tap.name) != nil {
        findings.append(
          Diagnostic(
            .missingRange, "the statistics have no histogram of this tensor, which the recipe clips",
            at: .node(tap.name), hint: "calibrate again with this version of the tool"))
      }
    }
    poolUnreached(statistics)
    if !findings.isEmpty { throw DiagnosticFailure(findings) }
  }
}

extension TensorRange {
  /// The range of a tensor under a clip.
  fileprivate init(_ tap: TapStatistics, clip: Clip) {
    self.init(
      maximum: tap.maximum, channels: tap.channels, clipped: tap.histogram.flatMap { clip.magnitude($0) })
  }
}

extension Clip {
  /// The magnitude at which this rule clips a tensor; nil for its maximum.
  ///
  /// A tensor that is zero almost everywhere is not clipped where nothing but zeros would be left.
  func magnitude(_ histogram: Histogram) -> Float? {
    let clip: Float? =
      switch self {
      case .maximum: nil
      case .percentile(let percent): histogram.percentile(percent)
      case .leastError: histogram.leastErrorClip()
      }
    return clip.flatMap { $0 / Quantizer.highest >= .leastNormalMagnitude ? $0 : nil }
  }
}
