import CKernels

extension TextScore {
  /// Sums up rows in order, `tokensScored` of them, window after window.
  init(_ rows: [RowScore], of windows: TextWindows, isPaired: Bool, saturation: SaturationScore?) {
    let mean = rows.reduce(0) { $0 + $1.nll } / Double(rows.count)
    self.init(
      tokens: rows.count, windows: windows.count, windowLength: windows.length,
      scoreFrom: windows.scoreFrom, meanNLL: mean, perplexity: qk_exp(mean),
      paired: isPaired ? PairedScore(rows, of: windows) : nil, saturation: saturation)
  }
}

extension PairedScore {
  /// The percentages that llama-perplexity shows too, from the maximum to the minimum.
  private static let percents = (
    divergence: [100, 99.9, 99, 95, 90, 50, 10, 5, 1, 0],
    probability: [100, 99.9, 99, 95, 90, 75, 50, 25, 10, 5, 1, 0.1, 0]
  )

  fileprivate init(_ rows: [RowScore], of windows: TextWindows) {
    let blocks = WindowBlocks(rows: rows, windows: windows)
    let baseline = rows.reduce(0) { $0 + $1.baselineNLL } / Double(rows.count)
    let ratio = blocks.estimate { $0.nll - $0.baselineNLL }.exponential
    let changes = rows.map(\.probabilityChange)
    self.init(
      baselineMeanNLL: baseline, baselinePerplexity: qk_exp(baseline),
      increase: Estimate(value: ratio.value - 1, standardError: ratio.standardError),
      divergence: blocks.estimate { $0.divergence },
      divergenceQuantiles: Quantiles(rows.map(\.divergence), percents: Self.percents.divergence),
      topTokenAgreement: blocks.estimate { $0.agrees ? 1 : 0 },
      probabilityChange: blocks.estimate { $0.probabilityChange },
      probabilityChangeRMS: blocks.estimate { $0.probabilityChange * $0.probabilityChange }.squareRoot,
      probabilityChangeQuantiles: Quantiles(changes, percents: Self.percents.probability),
      positions: PositionBuckets(of: windows).ranges.map { range in
        PositionScore(positions: range, divergence: blocks.estimate(at: range) { $0.divergence })
      },
      windowDivergences: blocks.means { $0.divergence })
  }
}

/// Rows window by window.
private struct WindowBlocks {
  let rows: [RowScore]
  let windows: TextWindows

  /// The mean of `value` in each window, over some positions or all that are scored.
  func means(at positions: Range<Int>? = nil, _ value: (RowScore) -> Double) -> [Double] {
    let scored = positions ?? windows.scoreFrom..<windows.length
    let length = windows.length - windows.scoreFrom
    return (0..<windows.count).map { window in
      let start = window * length - windows.scoreFrom
      let block = rows[start + scored.lowerBound..<start + scored.upperBound]
      return block.reduce(0) { $0 + value($1) } / Double(scored.count)
    }
  }

  func estimate(at positions: Range<Int>? = nil, _ value: (RowScore) -> Double) -> Estimate {
    Estimate(blocks: means(at: positions, value))
  }
}
