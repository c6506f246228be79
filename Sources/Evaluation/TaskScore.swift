import CKernels
public import JSONText

/// How well a plan answers the questions of one kind.
public struct TaskScore: Equatable, Sendable {
  /// A figure of the plan, and of the baseline where there is one, both over all questions.
  public struct Figure: Equatable, Sendable {
    /// `acc`, `acc_norm` or `perplexity`.
    public let name: String
    /// The plan's.
    public let plan: Estimate
    /// The baseline's.
    public let baseline: Estimate?
    /// The plan's less the baseline's, question by question; of perplexities the relative increase.
    public let difference: Estimate?
  }

  /// What was asked.
  public let kind: Question.Kind
  /// How many questions.
  public let questions: Int
  /// Share of right answers, and for choices `acc_norm`, for last words the perplexity of the whole word.
  public let figures: [Figure]

  init(kind: Question.Kind, plan: [QuestionResult], baseline: [QuestionResult]) {
    self.kind = kind
    questions = plan.count
    let pairs = baseline.isEmpty ? nil : baseline
    let accuracy = Figure("acc", plan, pairs) { $0.isRight ? 1 : 0 }
    switch kind {
    case .multipleChoice:
      figures = [accuracy, Figure("acc_norm", plan, pairs) { $0.isRightNormalized ? 1 : 0 }]
    case .lastWord: figures = [accuracy, Figure(perplexity: plan, pairs)]
    }
  }

  /// The figures by name; a standard error that is not known is null.
  public var json: JSONValue {
    .object(
      [("kind", .string(kind.rawValue)), ("questions", .integer(Int64(questions)))]
        + figures.map { ($0.name, $0.json) })
  }
}

extension TaskScore.Figure {
  fileprivate init(
    _ name: String, _ plan: [QuestionResult], _ baseline: [QuestionResult]?,
    _ value: (QuestionResult) -> Double
  ) {
    self.init(
      name: name, plan: Estimate(blocks: plan.map(value)),
      baseline: baseline.map { Estimate(blocks: $0.map(value)) },
      difference: baseline.map { Estimate(blocks: zip(plan, $0).map { value($0) - value($1) }) })
  }

  /// e to the mean of −log p(right continuation).
  fileprivate init(perplexity plan: [QuestionResult], _ baseline: [QuestionResult]?) {
    self.init(
      name: "perplexity", plan: Estimate(blocks: plan.map(\.nll)).exponential,
      baseline: baseline.map { Estimate(blocks: $0.map(\.nll)).exponential },
      difference: baseline.map { results in
        let ratio = Estimate(blocks: zip(plan, results).map { $0.nll - $1.nll }).exponential
        return Estimate(value: ratio.value - 1, standardError: ratio.standardError)
      })
  }

  fileprivate var json: JSONValue {
    var members = Self.members("", plan)
    if let baseline { members += Self.members("baseline_", baseline) }
    if let difference { members += Self.members("difference_", difference) }
    return .object(members)
  }

  private static func members(_ prefix: String, _ estimate: Estimate) -> [(String, JSONValue)] {
    [
      ("\(prefix)value", .finite(estimate.value)), ("\(prefix)se", .finite(estimate.standardError)),
    ]
  }
}

extension Estimate {
  /// e to the value; the error by the delta method.
  var exponential: Estimate {
    let power = qk_exp(value)
    return Estimate(value: power, standardError: power * standardError)
  }
}
