public import PlanRuntime

/// Scores questions by the log-likelihoods of their continuations.
public enum TaskScorer {
  /// Scores all questions, by a plan and by a baseline where there is one.
  ///
  /// The result depends neither on the processor nor on the number of threads.
  ///
  /// - Parameters:
  ///   - baseline: a plan to compare with, of the same tokenizer.
  ///   - threads: nil for one on each physical core.
  ///   - contextCapacity: tokens of a sequence that there is room for; nil for as many as a question has.
  ///   - progress: told how many questions are done, of how many.
  ///   - shouldStop: asked before each question.
  /// - Returns: a score for each kind of question that occurs, in the order of their first question.
  /// - Throws: `EvaluationError`.
  public static func score(
    _ plan: Plan, on questions: [Question], baseline: Plan? = nil, threads: Int? = nil,
    contextCapacity: Int? = nil,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }, shouldStop: () -> Bool = { false }
  ) throws(EvaluationError) -> [TaskScore] {
    let longest = questions.flatMap(\.continuations).reduce(1) { max($0, $1.count) }
    let scorer = QuestionScorer(try makeContext(plan, threads, contextCapacity ?? longest))
    let other = try baseline.map { (plan) throws(EvaluationError) in
      QuestionScorer(try makeContext(plan, threads, longest))
    }
    var results: [(kind: Question.Kind, plan: QuestionResult, baseline: QuestionResult?)] = []
    for (index, question) in questions.enumerated() {
      if shouldStop() { throw .stopped(done: index) }
      results.append(
        (question.kind, try scorer.score(question, index), try other?.score(question, index)))
      progress(index + 1, questions.count)
    }
    var kinds: [Question.Kind] = []
    for result in results where !kinds.contains(result.kind) { kinds.append(result.kind) }
    return kinds.map { kind in
      let chosen = results.filter { $0.kind == kind }
      return TaskScore(kind: kind, plan: chosen.map(\.plan), baseline: chosen.compactMap(\.baseline))
    }
  }

  private static func makeContext(
    _ plan: Plan, _ threads: Int?, _ contextCapacity: Int
  ) throws(EvaluationError) -> Context {
    do throws(ContextError) {
      return try Context(
        plan: plan,
        options: ContextOptions(
          logitRowCapacity: 32, contextCapacity: contextCapacity, threads: threads))
    } catch {
      throw .plan(error)
    }
  }
}

/// What a plan says to a question.
struct QuestionResult {
  /// Whether the likeliest continuation, or for a last word the greedy one, is the right one.
  let isRight: Bool
  /// Whether the continuation of the largest log-likelihood per character is the right one.
  let isRightNormalized: Bool
  /// −log p of the right continuation, in nats.
  let nll: Double
}

/// Scores questions one after the other.
private struct QuestionScorer {
  private let context: Context

  init(_ context: Context) { self.context = context }

  func score(_ question: Question, _ index: Int) throws(EvaluationError) -> QuestionResult {
    if let start = question.continuations.map(\.start).min(), start < 1 {
      throw .item(index: index, "there is no token before the continuation")
    }
    let likelihoods: [Likelihood]
    do throws(CallError) {
      likelihoods = try self.likelihoods(question.continuations)
    } catch {
      throw .item(index: index, "\(error)")
    }
    guard likelihoods.allSatisfy(\.nll.isFinite) else {
      throw .item(index: index, "logits are not finite")
    }
    let right = likelihoods[question.answer]
    guard question.kind == .multipleChoice else {
      return QuestionResult(isRight: right.isGreedy, isRightNormalized: right.isGreedy, nll: right.nll)
    }
    let normalized = zip(likelihoods, question.continuations).map { $0.nll / Double(max(1, $1.length)) }
    return QuestionResult(
      isRight: place(ofSmallest: likelihoods.map(\.nll)) == question.answer,
      isRightNormalized: place(ofSmallest: normalized) == question.answer, nll: right.nll)
  }

  /// What a plan says of one continuation.
  private struct Likelihood {
    var nll = 0.0
    var isGreedy = true
  }

  /// Runs what all continuations have in common once, and each one's rest from the state after it.
  private func likelihoods(_ continuations: [Question.Continuation]) throws(CallError) -> [Likelihood] {
    let shared = sharedCount(continuations)
    try context.reset(slot: 0)
    if shared > 0 { try context.prefill(Array(continuations[0].tokens[..<shared])) }
    let state = try context.copyState(slot: 0)
    var likelihoods: [Likelihood] = []
    for continuation in continuations {
      try context.restoreState(slot: 0, state)
      likelihoods.append(try likelihood(of: continuation, from: shared))
    }
    return likelihoods
  }

  /// How many first tokens all have in common, as far as no prediction by them is asked for.
  private func sharedCount(_ continuations: [Question.Continuation]) -> Int {
    let limit = continuations.map { $0.start - 1 }.min() ?? 0
    let first = continuations[0].tokens.prefix(limit)
    return continuations.dropFirst().reduce(limit) { count, continuation in
      zip(first.prefix(count), continuation.tokens).prefix { $0 == $1 }.count
    }
  }

  /// Runs the tokens from a place on, and scores those from `start` on.
  private func likelihood(
    of continuation: Question.Continuation, from first: Int
  ) throws(CallError) -> Likelihood {
    let tokens = continuation.tokens
    var sum = Likelihood()
    for start in stride(from: first, to: tokens.count - 1, by: context.options.rowCapacity) {
      let end = min(start + context.options.rowCapacity, tokens.count - 1)
      try context.run(tokens: Array(tokens[start..<end]), segments: [Segment(slot: 0, count: end - start)])
      let scored = max(start, continuation.start - 1)
      for place in stride(from: scored, to: end, by: context.options.logitRowCapacity) {
        let group = place..<min(place + context.options.logitRowCapacity, end)
        let logits = try context.logits(rows: group.map { $0 - start })
        for (row, position) in group.enumerated() {
          let target = Int(tokens[position + 1])
          guard target < logits.vocabulary else {
            throw .token(row: position + 1, id: tokens[position + 1], vocabulary: UInt32(logits.vocabulary))
          }
          let score = RowScore(logits[row], target: target)
          sum.nll += score.nll
          sum.isGreedy = sum.isGreedy && score.topToken == target
        }
      }
    }
    return sum
  }
}

/// The place of the smallest value, the lowest of equal ones.
private func place(ofSmallest values: [Double]) -> Int {
  values.indices.min { (values[$0], $0) < (values[$1], $1) } ?? 0
}
