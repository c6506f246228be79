import Calibration

extension Report {
  /// Ranges of the tensors with the largest outliers before and after rotation, and what clips cut off.
  var rangeSection: HTML? {
    guard let statistics else { return nil }
    let ranges = RangeFacts.all(statistics, facts)
    let content = [rotationTable(ranges), clipTable(ranges), worstTable(ranges)].compactMap { $0 }
    return Blocks.section(
      "ranges", title: "Ranges",
      """
      What calibration saw on \(statistics.passages.count) passages of up to \(statistics.bindings.sequenceLength) tokens. \
      The ratio is the largest channel’s maximum over the median channel’s: with one scale for all channels, a ratio of \
      100 leaves an ordinary channel one or two codes.
      """, content)
  }

  /// One line for each layer whose scan output was rotated: from the median channel to the largest.
  private func rotationTable(_ ranges: [RangeFacts]) -> HTML? {
    let named = Dictionary(ranges.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let pairs = ranges.compactMap { after -> (RangeFacts, RangeFacts)? in
      guard after.name.hasSuffix("_rotated") else { return nil }
      return named[String(after.name.dropLast(8))].map { ($0, after) }
    }.sorted { ($0.0.place.layer ?? .max, $0.0.name) < ($1.0.place.layer ?? .max, $1.0.name) }
    guard !pairs.isEmpty else { return nil }
    let ends = pairs.flatMap { [$0.0.summary, $0.1.summary] }
    let low = Octaves.of(ends.map(\.medianChannel).filter { $0 > 0 }.min() ?? 1)
    let high = max(Octaves.of(ends.map { Double($0.maximum) }.max() ?? 1), low + 1)
    let rows = pairs.map { before, after -> HTML in
      """
      <tr><th scope="row">\(before.name)</th><td class="span">\(span(before.summary, "before", low, high))\
      \(span(after.summary, "after", low, high))</td><td>\(ratio(before.summary))</td><td>\(ratio(after.summary))</td></tr>

      """
    }
    return """
      <p class="key">From the median channel’s maximum to the largest: <i class="before"></i>before rotation\
      <i class="after"></i>after it</p>
      <div class="wide"><table class="bars"><caption>Rotation of the scan’s output</caption><thead><tr>\
      <th scope="col">tensor</th><th></th><th scope="col">ratio before</th><th scope="col">after</th></tr></thead><tbody>
      \(rows)</tbody></table></div>

      """
  }

  private func span(_ summary: TapSummary, _ name: HTML, _ low: Double, _ high: Double) -> HTML {
    let start = max((Octaves.of(summary.medianChannel) - low) / (high - low), 0)
    let end = max((Octaves.of(Double(summary.maximum)) - low) / (high - low), start)
    return """
      <i class="\(name)" style="left:\(Figure.coordinate(start * 100))%;width:\(Figure.coordinate((end - start) * 100))%"></i>
      """
  }

  private func ratio(_ summary: TapSummary) -> String { summary.outlierRatio.map { Figure.text($0) } ?? "–" }

  private func clipTable(_ ranges: [RangeFacts]) -> HTML? {
    let clipped = ranges.filter { ($0.clippedShare ?? 0) > 0 }
      .sorted { ($1.clippedShare ?? 0, $0.name) < ($0.clippedShare ?? 0, $1.name) }
    guard !clipped.isEmpty else { return nil }
    return Blocks.table(
      "Clipped tensors", head: ["tensor", "maximum", "clip", "of the maximum", "elements above"],
      rows: clipped.map { range in
        let clip = Double(range.clip ?? 0)
        return [
          range.name, Figure.text(Double(range.tap.maximum)), Figure.text(clip),
          Figure.percent(clip / Double(range.tap.maximum)), Figure.percent(range.clippedShare ?? 0),
        ]
      })
  }

  private func worstTable(_ ranges: [RangeFacts]) -> HTML? {
    let single = ranges.filter(\.hasOneScale).sorted { $0.summary.isWorse(than: $1.summary) }
    guard !single.isEmpty else { return nil }
    return Blocks.table(
      "Largest outliers among tensors with one scale",
      head: ["tensor", "maximum", "median channel", "ratio", "scale"],
      rows: single.prefix(12).map { range in
        [
          range.name, Figure.text(Double(range.tap.maximum)), Figure.text(range.summary.medianChannel),
          ratio(range.summary), Figure.text(Double(range.clip ?? 0) / 127),
        ]
      })
  }

  /// Histograms of quantized tensors: those that a clip cuts, then those with the largest outliers.
  var histogramSection: HTML? {
    guard let statistics else { return nil }
    let shown = RangeFacts.all(statistics, facts)
      .filter { $0.hasCodes && $0.tap.histogram != nil && $0.tap.maximum > 0 }
      .sorted { ($1.cut, $1.reach, $0.name) < ($0.cut, $0.reach, $1.name) }.prefix(8)
    let charts = shown.compactMap { range in
      range.tap.histogram.map { HistogramChart(name: range.name, histogram: $0, clip: range.clip).html }
    }
    guard !charts.isEmpty else { return nil }
    return Blocks.section(
      "histograms", title: "Histograms of the worst tensors",
      """
      How often each |x| was seen in calibration, both axes logarithmic. The vertical line is the clip: what lies to its \
      right is cut down to it. Tensors without a line keep their maximum.
      """, ["<div class=\"charts\">\(Array(charts))</div>\n"])
  }
}

extension RangeFacts {
  /// How far the maximum is above the clip; 1 where there is none.
  fileprivate var cut: Double { Double(tap.maximum) / Double(min(clip ?? tap.maximum, tap.maximum)) }

  /// How far the maximum is above the clip, or above 99.9 % of the elements.
  fileprivate var reach: Double {
    let usual = tap.histogram.map { Double($0.percentile(99.9)) } ?? 1
    return Double(tap.maximum) / max(Double(clip.map { $0 < tap.maximum ? $0 : tap.maximum } ?? 1), usual)
  }
}
