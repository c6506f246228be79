import CKernels

extension TextScore {
  /// Sums up rows in order, `tokensScored` of them, window after window.
  init(_ rows: [RowScore], of windows: TextWindows, isPaired: Bool) {
    let mean = rows.reduce(0) { $0 + $1.nll } / Double(rows.count)
    self.init(
      tokens: rows.count, windows: windows.count, windowLength: windows.length,
      scoreFrom: windows.scoreFrom, meanNLL: mean, perplexity: qk_exp(mean),
      paired: isPaired ? PairedScore(rows, windows: windows.count) : nil)
  }
}

extension PairedScore {
  fileprivate init(_ rows: [RowScore], windows: Int) {
    let baseline = rows.reduce(0) { $0 + $1.baselineNLL } / Double(rows.count)
    let difference = Estimate(blocks: Self.means(rows, windows) { $0.nll - $0.baselineNLL })
    let divergences = Self.means(rows, windows) { $0.divergence }
    let factor = qk_exp(difference.value)
    self.init(
      baselineMeanNLL: baseline, baselinePerplexity: qk_exp(baseline),
      // The delta method: the slope of e^x is e^x.
      increase: Estimate(value: factor - 1, standardError: factor * difference.standardError),
      divergence: Estimate(blocks: divergences),
      topTokenAgreement: Double(rows.count { $0.agrees }) / Double(rows.count),
      windowDivergences: divergences)
  }

  /// The mean of `value` in each window.
  private static func means(_ rows: [RowScore], _ windows: Int, _ value: (RowScore) -> Double) -> [Double] {
    let length = rows.count / windows
    return (0..<windows).map { window in
      rows[window * length..<(window + 1) * length].reduce(0) { $0 + value($1) } / Double(length)
    }
  }
}
