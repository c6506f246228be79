public import JSONText

extension Report {
  /// Takes in the result of `eval --json`, or the score of one text.
  /// - Throws: `JSONError` naming the place.
  public mutating func add(evaluation json: JSONValue) throws(JSONError) {
    let root = JSONCursor(json)
    guard let texts = try root.optional("texts") else {
      evaluations.append(try Evaluated(root, name: nil))
      return
    }
    for text in try texts.array() {
      let file = try text["file"].string()
      evaluations.append(
        try Evaluated(try text["score"], name: file.split(separator: "/").last.map(String.init)))
    }
  }

  /// What quantization costs, as `eval` measured it.
  var accuracySection: HTML? {
    guard !evaluations.isEmpty else { return nil }
    return Blocks.section(
      "accuracy", title: "Accuracy",
      """
      Against the float model on the same tokens. KL is the mean divergence of the predicted distributions, in nats per \
      token; the increase is that of perplexity. Behind ± stands one standard error.
      """, evaluations.flatMap(accuracy))
  }

  private func accuracy(_ evaluation: Evaluated) -> [HTML] {
    let title = evaluation.name ?? "text"
    var entries: [(name: String, value: HTML)] = [
      (
        "text",
        "\(title), \(evaluation.tokens) tokens in \(evaluation.windows) windows of \(evaluation.windowLength)"
      ),
      ("perplexity", "\(Figure.fixed(evaluation.perplexity, digits: 4))"),
    ]
    if let baseline = evaluation.baselinePerplexity {
      entries.append(("of the float model", "\(Figure.fixed(baseline, digits: 4))"))
    }
    if let increase = evaluation.increase {
      entries.append(("increase", "\(Figure.text(increase, percent: true))"))
    }
    if let divergence = evaluation.divergence { entries.append(("KL", "\(Figure.text(divergence))")) }
    if let agreement = evaluation.agreement {
      entries.append(("same top token", "\(Figure.percent(agreement))"))
    }
    return [Blocks.list(entries), positions(evaluation)].compactMap { $0 }
  }

  /// The drift of the recurrence: static ranges come from short passages.
  private func positions(_ evaluation: Evaluated) -> HTML? {
    guard evaluation.positions.count > 1 else { return nil }
    let largest = evaluation.positions.map(\.divergence.value).max() ?? 1
    let bars = evaluation.positions.map { range, divergence in
      Blocks.Bar(
        label: "\(range.lowerBound) to \(range.upperBound - 1)",
        length: divergence.value / max(largest, 1e-30),
        text: Figure.text(divergence))
    }
    return Blocks.bars("KL by position in the window", bars)
  }
}
