import Evaluation
import Foundation
import PlanRuntime
import Testing

@Suite(.serialized) struct TaskScorerTests {
  /// −log p of tokens from `start` on, and whether each is the likeliest, one token a call.
  private func direct(_ plan: Plan, _ tokens: [UInt32], from start: Int) throws -> (Double, Bool) {
    let context = try Context(plan: plan, options: ContextOptions(threads: 1))
    var (nll, isGreedy) = (0.0, true)
    for (place, token) in tokens.dropLast().enumerated() {
      try context.run(tokens: [token], segments: [Segment(slot: 0, count: 1)])
      guard place + 1 >= start else { continue }
      let logits = try context.logits(rows: [0])[0].map { Double($0) }
      let target = Int(tokens[place + 1])
      nll += log(logits.reduce(0) { $0 + exp($1) }) - logits[target]
      isGreedy = isGreedy && logits[target] == logits.max()
    }
    return (nll, isGreedy)
  }

  private func choices(_ count: Int) -> [Question.Continuation] {
    let text = PairOfPlans.text(20 + count)
    return (0..<3).map { choice in
      Question.Continuation(
        tokens: Array(text[..<10]) + text[(10 + choice)..<(12 + count / 4 * (choice + 1))], start: 10,
        length: 1 + choice * 3)
    }
  }

  @Test(arguments: [4, 40, 2200])
  func choicesAgreeWithDirectComputation(_ count: Int) throws {
    let plan = try PairOfPlans.make(seed: 1)
    let choices = choices(count)
    let nll = try choices.map { try direct(plan, $0.tokens, from: $0.start).0 }
    let normalized = zip(nll, choices).map { $0 / Double($1.length) }
    for answer in 0..<3 {
      let score = try TaskScorer.score(plan, on: [Question(choices: choices, answer: answer)], threads: 2)
      #expect(score.count == 1 && score[0].kind == .multipleChoice && score[0].questions == 1)
      #expect(score[0].figures.map(\.name) == ["acc", "acc_norm"])
      #expect(score[0].figures[0].plan.value == (nll[answer] == nll.min() ? 1 : 0))
      #expect(score[0].figures[1].plan.value == (normalized[answer] == normalized.min() ? 1 : 0))
      #expect(score[0].figures[0].difference == nil)
    }
  }

  @Test func choicesThatShareTheirContextAreTheSame() throws {
    let plan = try PairOfPlans.make(seed: 1)
    let alone = choices(8)
    for count in [0, 9, 10, 11] {
      let context = Array(alone[0].tokens.prefix(count)) + [0]
      let shared = alone.map {
        Question.Continuation(tokens: $0.tokens, sharing: context, start: $0.start, length: $0.length)
      }
      #expect(shared.map(\.tokens) == alone.map(\.tokens) && shared.map(\.count) == alone.map(\.count))
      let scores = try [alone, shared].map {
        try TaskScorer.score(plan, on: [Question(choices: $0, answer: 1)], threads: 1)
      }
      #expect(scores[0][0].figures.map(\.plan) == scores[1][0].figures.map(\.plan))
    }
  }

  @Test func lastWordsAgreeWithDirectComputation() throws {
    let (plan, baseline) = (try PairOfPlans.make(seed: 1), try PairOfPlans.make(seed: 2))
    let text = PairOfPlans.text(60)
    let words = (0..<5).map {
      Question.Continuation(tokens: Array(text[($0 * 10)..<($0 * 11 + 4)]), start: 1 + $0 % 3, length: 1)
    }
    let questions = words.map { Question(lastWord: $0) } + [Question(choices: choices(8), answer: 1)]
    let scores = try TaskScorer.score(plan, on: questions, baseline: baseline, threads: 1)
    #expect(scores.map(\.kind) == [.lastWord, .multipleChoice])
    let mine = try words.map { try direct(plan, $0.tokens, from: $0.start) }
    let theirs = try words.map { try direct(baseline, $0.tokens, from: $0.start) }
    let (accuracy, perplexity) = (scores[0].figures[0], scores[0].figures[1])
    #expect(accuracy.plan == Estimate(blocks: mine.map { $0.1 ? 1 : 0 }))
    #expect(accuracy.baseline == Estimate(blocks: theirs.map { $0.1 ? 1 : 0 }))
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    #expect(abs(perplexity.plan.value / exp(mean(mine.map(\.0))) - 1) < 1e-10)
    let increase = exp(mean(zip(mine, theirs).map { $0.0 - $1.0 })) - 1
    #expect(abs((perplexity.difference?.value ?? 0) - increase) < 1e-9 * max(1, abs(increase)))
  }

  @Test func wrongQuestionsAreRefused() throws {
    let plan = try PairOfPlans.make(seed: 1)
    func refusal(_ tokens: [UInt32], _ start: Int) -> String? {
      let question = Question(lastWord: .init(tokens: tokens, start: start, length: 1))
      return #expect(throws: EvaluationError.self) {
        _ = try TaskScorer.score(plan, on: [question], threads: 1)
      }?.description
    }
    #expect(refusal([1, 2], 0) == "question 1: there is no token before the continuation")
    #expect(refusal([1, 50], 1)?.hasPrefix("question 1: row 1: token 50") == true)
    #expect(refusal([50, 1], 1)?.hasPrefix("question 1: row 0: token 50") == true)
  }
}
