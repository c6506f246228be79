import Evaluation
import Foundation
import JSONText
import PlanRuntime
import Testing

@Suite(.serialized) struct TextScorerTests {
  /// log p of every token after each of `inputs`, from a zero state, one token a call.
  private static func logProbabilities(_ plan: Plan, _ inputs: [UInt32]) throws -> [[Double]] {
    let context = try Context(plan: plan, options: ContextOptions(threads: 1))
    return try inputs.map { token in
      try context.run(tokens: [token], segments: [Segment(slot: 0, count: 1)])
      let logits = try context.logits(rows: [0])[0].map { Double($0) }
      let sum = logits.reduce(0) { $0 + exp($1) }
      return logits.map { $0 - log(sum) }
    }
  }

  /// What plain loops say of one window, `[length]` each.
  private struct Direct {
    var nll: [Double] = []
    var baseline: [Double] = []
    var divergence: [Double] = []
    var agrees: [Bool] = []
  }

  private static func direct(_ plan: Plan, _ other: Plan, _ window: ArraySlice<UInt32>, from first: Int)
    throws -> Direct
  {
    let tokens = Array(window)
    let mine = try logProbabilities(plan, Array(tokens.dropLast()))
    let theirs = try logProbabilities(other, Array(tokens.dropLast()))
    var result = Direct()
    for position in first..<tokens.count - 1 {
      let (p, q) = (theirs[position], mine[position])
      let target = Int(tokens[position + 1])
      result.nll.append(-q[target])
      result.baseline.append(-p[target])
      result.divergence.append(zip(p, q).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) })
      result.agrees.append(p.firstIndex(of: p.max() ?? 0) == q.firstIndex(of: q.max() ?? 0))
    }
    return result
  }

  private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

  private static func standardError(_ values: [Double]) -> Double {
    let mean = mean(values)
    let variance = values.reduce(0) { $0 + pow($1 - mean, 2) } / Double(values.count - 1)
    return sqrt(variance / Double(values.count))
  }

  @Test(arguments: [(40, 0), (40, 13), (1, 0), (600, 520), (600, 0)])
  func agreesWithDirectComputation(_ length: Int, _ first: Int) throws {
    let (plan, baseline) = (try PairOfPlans.make(seed: 1), try PairOfPlans.make(seed: 2))
    let text = PairOfPlans.text(3 * length + 1 + length / 2)
    let windows = try TextWindows(tokens: text, length: length, scoreFrom: first)
    let score = try TextScorer.score(plan, on: windows, baseline: baseline, threads: 2)
    let direct = try (0..<3).map {
      try Self.direct(plan, baseline, text[$0 * length...($0 + 1) * length], from: first)
    }
    func near(_ value: Double, _ expected: Double) -> Bool {
      abs(value - expected) < 1e-11 * max(1, abs(expected))
    }
    #expect((score.windows, score.tokens, score.windowLength) == (3, 3 * (length - first), length))
    #expect(near(score.meanNLL, Self.mean(direct.flatMap(\.nll))))
    #expect(near(score.perplexity, exp(Self.mean(direct.flatMap(\.nll)))))
    let paired = try #require(score.paired)
    #expect(near(paired.baselineMeanNLL, Self.mean(direct.flatMap(\.baseline))))
    #expect(near(paired.baselinePerplexity, exp(Self.mean(direct.flatMap(\.baseline)))))
    let differences = direct.map { Self.mean($0.nll) - Self.mean($0.baseline) }
    let increase = exp(Self.mean(differences)) - 1
    #expect(near(paired.increase.value, increase))
    #expect(near(paired.increase.standardError, (1 + increase) * Self.standardError(differences)))
    let divergences = direct.map { Self.mean($0.divergence) }
    #expect(near(paired.divergence.value, Self.mean(divergences)))
    #expect(near(paired.divergence.standardError, Self.standardError(divergences)))
    #expect(zip(paired.windowDivergences, divergences).allSatisfy(near))
    #expect(near(paired.topTokenAgreement.value, Self.mean(direct.flatMap(\.agrees).map { $0 ? 1 : 0 })))
  }

  @Test func threadsDoNotMatter() throws {
    let (plan, baseline) = (try PairOfPlans.make(seed: 1), try PairOfPlans.make(seed: 2))
    let windows = try TextWindows(tokens: PairOfPlans.text(200), length: 45)
    let one = try TextScorer.score(plan, on: windows, baseline: baseline, threads: 1)
    #expect(try TextScorer.score(plan, on: windows, baseline: baseline, threads: 2) == one)
    #expect(try TextScorer.score(plan, on: windows, baseline: baseline, threads: 3) == one)
    // What a plan scores does not depend on what it is compared with.
    let alone = try TextScorer.score(plan, on: windows, threads: 2)
    #expect(alone.meanNLL == one.meanNLL)
    #expect(alone.paired == nil)
  }

  @Test func aPlanEqualsItself() throws {
    let plan = try PairOfPlans.make(seed: 3)
    let windows = try TextWindows(tokens: PairOfPlans.text(100), length: 20)
    let paired = try #require(try TextScorer.score(plan, on: windows, baseline: plan, threads: 2).paired)
    #expect(paired.increase == Estimate(value: 0, standardError: 0))
    #expect(paired.divergence == Estimate(value: 0, standardError: 0))
    #expect(paired.topTokenAgreement == Estimate(value: 1, standardError: 0))
    #expect(paired.divergenceDifference(from: paired) == Estimate(value: 0, standardError: 0))
  }

  @Test func progressAndStop() throws {
    let plan = try PairOfPlans.make(seed: 1)
    let windows = try TextWindows(tokens: PairOfPlans.text(100), length: 20)
    var reported: [Int] = []
    let error = #expect(throws: EvaluationError.self) {
      _ = try TextScorer.score(
        plan, on: windows, threads: 1,
        progress: { done, total in
          #expect(total == 4)
          reported.append(done)
        }, shouldStop: { reported.count == 3 })
    }
    #expect(reported == [1, 2, 3])
    #expect(error?.description == "stopped after 3 windows")
  }

  @Test func wrongInputIsRefused() throws {
    let windows = try TextWindows(tokens: PairOfPlans.text(41), length: 20)
    func refusal(_ plan: Plan, _ baseline: Plan? = nil, _ windows: TextWindows) -> String? {
      #expect(throws: EvaluationError.self) {
        _ = try TextScorer.score(plan, on: windows, baseline: baseline, threads: 1)
      }?.description
    }
    let plan = try PairOfPlans.make(seed: 1)
    #expect(
      refusal(plan, try PairOfPlans.make(seed: 1, vocabulary: 51), windows)
        == "the plan's vocabulary has 50 tokens, the baseline's 51")
    // The last target is no input of any window.
    let unknown = try TextWindows(tokens: Array(repeating: 1, count: 20) + [50], length: 20)
    #expect(refusal(plan, nil, unknown) == "token 20 of the text is 50, not below the vocabulary (50)")
    let spoiled = try PairOfPlans.make(seed: 1, spoiled: true)
    let zero = try TextWindows(tokens: PairOfPlans.text(27) + [0] + PairOfPlans.text(13), length: 20)
    #expect(refusal(spoiled, nil, zero) == "window 1, position 7: logits are not finite")
    #expect(refusal(plan, spoiled, zero) == "window 1, position 7: logits are not finite")
  }

  @Test func figuresHaveNames() throws {
    let (plan, baseline) = (try PairOfPlans.make(seed: 1), try PairOfPlans.make(seed: 2))
    let windows = try TextWindows(tokens: PairOfPlans.text(30), length: 20, scoreFrom: 5)
    let score = try TextScorer.score(plan, on: windows, baseline: baseline, threads: 1)
    guard case .object(let object) = score.json else {
      Issue.record("no object")
      return
    }
    #expect(
      object.names == [
        "tokens", "windows", "window_length", "score_from", "mean_nll", "perplexity", "baseline_mean_nll",
        "baseline_perplexity", "increase", "increase_se", "kl", "kl_se", "kl_quantiles",
        "top_token_agreement", "top_token_agreement_se", "delta_p", "delta_p_se", "delta_p_rms",
        "delta_p_rms_se", "delta_p_quantiles", "positions",
      ])
    #expect(object["tokens"] == 15)
    #expect(object["perplexity"] == .number(score.perplexity))
    // One window says nothing of its spread.
    #expect(object["kl_se"] == .null)
    #expect(score.paired?.divergence.isWithin(1e9) == false)
  }
}
