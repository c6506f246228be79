import CompilerDriver

extension Report {
  /// The outcome in one sentence.
  var verdict: HTML {
    let checked = evaluations.filter { $0.divergence != nil }
    let verdicts = checked.map { $0.isWithin(limits) }
    let state: HTML = verdicts.contains(false) ? " bad" : verdicts.contains(true) ? " good" : ""
    return
      "<p class=\"verdict\(state)\">\(size)\(HTML(checked.map(sentence)))\(checked.isEmpty ? unmeasured : "")</p>"
  }

  private var size: String {
    let recipe = facts.recipeName.map { " by recipe \($0)" } ?? ""
    let share = sourceBytes.map { source in
      ", \(Figure.percent(Double(facts.bytes) / Double(max(source, 1)))) of the checkpoint’s"
    }
    return "\(facts.layers) layers\(recipe) in \(ByteCount.text(facts.bytes))\(share ?? "")."
  }

  private var unmeasured: String {
    " What this costs was not measured: give the result of eval --baseline."
  }

  private func sentence(_ evaluation: Evaluated) -> HTML {
    guard let divergence = evaluation.divergence, let increase = evaluation.increase else { return "" }
    let place = evaluations.count > 1 ? evaluation.name.map { " on \($0)" } ?? "" : ""
    let judgement =
      switch evaluation.isWithin(limits) {
      case nil: "no limits were set"
      case true?: "within \(limitText)"
      case false?: "beyond \(limitText)"
      }
    return """
       KL from the float model\(place) is \(Figure.text(divergence)), perplexity grows by \
      \(Figure.text(increase, percent: true)): \(judgement).
      """
  }

  private var limitText: String {
    let texts = [
      limits.divergence.map { "KL \(Figure.text($0))" },
      limits.increase.map { "increase \(Figure.percent($0))" },
    ].compactMap { $0 }
    return
      "the limit\(texts.count > 1 ? "s" : "") (\(texts.joined(separator: ", "))), two standard errors included"
  }
}

extension Evaluated {
  /// Whether value plus two standard errors is within every limit that is set; nil where none is.
  func isWithin(_ limits: Report.Limits) -> Bool? {
    let checks = [(divergence, limits.divergence), (increase, limits.increase)].compactMap { value, limit in
      limit.map { (value?.upperBound ?? .infinity) <= $0 }
    }
    return checks.isEmpty ? nil : checks.allSatisfy { $0 }
  }
}
