import CompilerDriver
import Evaluation

extension Eval {
  /// The results for people.
  func summary(_ scores: [TextScore], _ answers: [[TaskScore]]) -> String {
    let texts = zip(text, scores).map { file, score in
      titled(file, [figures(score), positionTable(score), saturationTable(score)].compactMap { $0 })
    }
    let answered = zip(tasks, answers).map { file, scores in titled(file, [taskTable(scores)]) }
    return (texts + answered).joined(separator: "\n\n")
  }

  /// The file's name stands above where there are several.
  private func titled(_ file: String, _ parts: [String]) -> String {
    ((text + tasks).count > 1 ? ["\(file)\n"] : []).joined() + parts.joined(separator: "\n\n")
  }

  private func figures(_ score: TextScore) -> String {
    var lines = [
      ("tokens", "\(score.tokens) scored in \(score.windows) windows of \(score.windowLength)"),
      ("perplexity", FixedPoint.text(score.perplexity, digits: 4)),
    ]
    if let paired = score.paired { lines += figures(paired) }
    let width = lines.map(\.0.count).max() ?? 0
    return lines.map { $0 + String(repeating: " ", count: width + 2 - $0.count) + $1 }
      .joined(separator: "\n")
  }

  private func figures(_ paired: PairedScore) -> [(String, String)] {
    [
      ("baseline", FixedPoint.text(paired.baselinePerplexity, digits: 4)),
      ("increase", percent(paired.increase)), ("Mean KLD", plain(paired.divergence)),
    ]
      + paired.divergenceQuantiles.entries.map { entry in
        (title(entry) + " KLD", FixedPoint.text(entry.value, digits: 6))
      } + [("Mean Δp", percent(paired.probabilityChange))]
      + paired.probabilityChangeQuantiles.entries.map { entry in
        (title(entry) + " Δp", FixedPoint.text(entry.value * 100, digits: 3) + " %")
      } + [
        ("RMS Δp", percent(paired.probabilityChangeRMS)), ("Same top p", percent(paired.topTokenAgreement)),
      ]
  }

  private func title(_ entry: Quantiles.Entry) -> String {
    switch entry.percent {
    case 100: "Maximum"
    case 50: "Median"
    case 0: "Minimum"
    default: FixedPoint.text(entry.percent, digits: 1) + "%"
    }
  }

  private func positionTable(_ score: TextScore) -> String? {
    guard positions, let paired = score.paired else { return nil }
    var table = TextTable(["position", "Mean KLD", "±"])
    for bucket in paired.positions {
      let error = bucket.divergence.standardError
      table.append([
        range(bucket.positions), FixedPoint.text(bucket.divergence.value, digits: 6),
        error.isFinite ? FixedPoint.text(error, digits: 6) : "unknown",
      ])
    }
    return table.text
  }

  private func saturationTable(_ score: TextScore) -> String? {
    guard let saturation = score.saturation else { return nil }
    guard !saturation.classes.isEmpty else { return "no tensor has 8-bit codes" }
    var table = TextTable(["codes at ±127, −128 (%)"] + saturation.classes.map(\.name))
    func share(_ value: Double) -> String { FixedPoint.text(value * 100, digits: 4) }
    table.append(["all"] + saturation.classes.map { share($0.share) })
    for (index, bucket) in saturation.positions.enumerated() {
      table.append([range(bucket)] + saturation.classes.map { share($0.positions[index]) })
    }
    let worst = saturation.classes.first.map {
      "\nworst tensor: \($0.worstTensor), \(share($0.worstShare)) %"
    }
    return table.text + (worst ?? "")
  }

  private func taskTable(_ scores: [TaskScore]) -> String {
    var table = TextTable(["task", "questions", "figure", "plan", "baseline", "difference"])
    for score in scores {
      for figure in score.figures {
        let isShare = figure.name != "perplexity"
        let show = isShare ? percent : plain
        table.append([
          score.kind.rawValue, "\(score.questions)", figure.name, show(figure.plan),
          figure.baseline.map(show) ?? "", figure.difference.map(percent) ?? "",
        ])
      }
    }
    return table.text
  }

  private func range(_ positions: Range<Int>) -> String {
    "\(positions.lowerBound)–\(positions.upperBound - 1)"
  }

  private func percent(_ estimate: Estimate) -> String {
    "\(number(estimate.value * 100, 3)) % ± \(number(estimate.standardError * 100, 3)) %"
  }

  private func plain(_ estimate: Estimate) -> String {
    "\(number(estimate.value, 6)) ± \(number(estimate.standardError, 6))"
  }

  private func number(_ value: Double, _ digits: Int) -> String {
    value.isFinite ? FixedPoint.text(value, digits: digits) : "unknown"
  }
}
