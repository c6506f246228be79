public import JSONText

/// How well a plan predicts a text.
public struct TextScore: Equatable, Sendable {
  /// Targets scored.
  public let tokens: Int
  /// Windows scored.
  public let windows: Int
  /// Inputs of a window.
  public let windowLength: Int
  /// The first position of each window that was scored.
  public let scoreFrom: Int
  /// Mean of −log p(target), in nats per token.
  public let meanNLL: Double
  /// e to the mean.
  public let perplexity: Double
  /// The comparison with the baseline, where there was one.
  public let paired: PairedScore?

  /// The figures by name; a standard error that is not known is null.
  public var json: JSONValue {
    var members: [(String, JSONValue)] = [
      ("tokens", .integer(Int64(tokens))), ("windows", .integer(Int64(windows))),
      ("window_length", .integer(Int64(windowLength))), ("score_from", .integer(Int64(scoreFrom))),
      ("mean_nll", number(meanNLL)), ("perplexity", number(perplexity)),
    ]
    if let paired {
      members += [
        ("baseline_mean_nll", number(paired.baselineMeanNLL)),
        ("baseline_perplexity", number(paired.baselinePerplexity)),
        ("increase", number(paired.increase.value)), ("increase_se", number(paired.increase.standardError)),
        ("kl", number(paired.divergence.value)), ("kl_se", number(paired.divergence.standardError)),
        ("top_token_agreement", number(paired.topTokenAgreement)),
      ]
    }
    return .object(members)
  }

  private func number(_ value: Double) -> JSONValue { value.isFinite ? .number(value) : .null }
}

/// How a plan differs from a baseline, token by token on the same text.
public struct PairedScore: Equatable, Sendable {
  /// The baseline's mean of −log p(target), in nats per token.
  public let baselineMeanNLL: Double
  /// The baseline's perplexity.
  public let baselinePerplexity: Double
  /// Relative increase of perplexity, e^mean(d) − 1 with d the difference of −log p(target) per token.
  public let increase: Estimate
  /// Mean of KL(baseline ‖ plan) over the full vocabulary, in nats per token.
  public let divergence: Estimate
  /// Share of tokens for which both prefer the same next token, 0 to 1.
  public let topTokenAgreement: Double
  /// Mean divergence of each window.
  public let windowDivergences: [Double]

  /// How much further this plan is from the baseline than another: mean of the difference of divergences.
  ///
  /// This plan beats the other when the difference plus two standard errors is below zero.
  ///
  /// - Parameter other: the other plan's score on the same windows, against the same baseline.
  public func divergenceDifference(from other: PairedScore) -> Estimate {
    precondition(windowDivergences.count == other.windowDivergences.count, "the windows are not the same")
    return Estimate(blocks: zip(windowDivergences, other.windowDivergences).map { $0 - $1 })
  }
}
