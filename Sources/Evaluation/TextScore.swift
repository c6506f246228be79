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
  /// How often codes were at the ends of their range, where that was counted.
  public let saturation: SaturationScore?

  /// The figures by name; a standard error that is not known is null.
  public var json: JSONValue {
    var members: [(String, JSONValue)] = [
      ("tokens", .integer(Int64(tokens))), ("windows", .integer(Int64(windows))),
      ("window_length", .integer(Int64(windowLength))), ("score_from", .integer(Int64(scoreFrom))),
      ("mean_nll", .finite(meanNLL)), ("perplexity", .finite(perplexity)),
    ]
    if let paired { members += paired.members }
    if let saturation { members.append(("saturation", saturation.json)) }
    return .object(members)
  }
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
  /// How the divergences of the tokens are distributed.
  public let divergenceQuantiles: Quantiles
  /// Share of tokens for which both prefer the same next token, 0 to 1.
  public let topTokenAgreement: Estimate
  /// Mean of p(target) by the plan less that by the baseline, −1 to 1.
  public let probabilityChange: Estimate
  /// Root of the mean square of the same.
  public let probabilityChangeRMS: Estimate
  /// How the changes of the tokens are distributed.
  public let probabilityChangeQuantiles: Quantiles
  /// The divergence by position in the window.
  public let positions: [PositionScore]
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

  fileprivate var members: [(String, JSONValue)] {
    [
      ("baseline_mean_nll", .finite(baselineMeanNLL)),
      ("baseline_perplexity", .finite(baselinePerplexity)),
      ("increase", .finite(increase.value)), ("increase_se", .finite(increase.standardError)),
      ("kl", .finite(divergence.value)), ("kl_se", .finite(divergence.standardError)),
      ("kl_quantiles", divergenceQuantiles.json),
      ("top_token_agreement", .finite(topTokenAgreement.value)),
      ("top_token_agreement_se", .finite(topTokenAgreement.standardError)),
      ("delta_p", .finite(probabilityChange.value)),
      ("delta_p_se", .finite(probabilityChange.standardError)),
      ("delta_p_rms", .finite(probabilityChangeRMS.value)),
      ("delta_p_rms_se", .finite(probabilityChangeRMS.standardError)),
      ("delta_p_quantiles", probabilityChangeQuantiles.json),
      ("positions", .array(positions.map(\.json))),
    ]
  }
}

/// The divergence at some positions of the window.
public struct PositionScore: Equatable, Sendable {
  /// The positions, counted from 0.
  public let positions: Range<Int>
  /// Mean of KL(baseline ‖ plan) there, in nats per token.
  public let divergence: Estimate

  fileprivate var json: JSONValue {
    .object([
      ("from", .integer(Int64(positions.lowerBound))), ("to", .integer(Int64(positions.upperBound))),
      ("kl", .finite(divergence.value)), ("kl_se", .finite(divergence.standardError)),
    ])
  }
}
