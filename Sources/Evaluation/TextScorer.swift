import Dispatch
public import PlanRuntime

/// Perplexity of a plan on a text, by itself or in lock step with a baseline.
public enum TextScorer {
  /// Scores a text window by window, each from a zero state; logits are kept for a few rows only.
  ///
  /// The result depends neither on the processor nor on the number of threads.
  ///
  /// - Parameters:
  ///   - plan: the plan to score.
  ///   - windows: the text.
  ///   - baseline: the plan to compare with, of the same vocabulary, usually float32.
  ///   - threads: nil for one on each physical core.
  ///   - progress: told how many windows are done, of how many.
  ///   - shouldStop: asked before each window.
  /// - Throws: `EvaluationError`.
  public static func score(
    _ plan: Plan, on windows: TextWindows, baseline: Plan? = nil, threads: Int? = nil,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }, shouldStop: () -> Bool = { false }
  ) throws(EvaluationError) -> TextScore {
    try check(windows, plan, baseline)
    var scorer = WindowScorer(
      plan: try makeContext(plan, windows, threads),
      baseline: try baseline.map { (plan) throws(EvaluationError) in try makeContext(plan, windows, threads) }
    )
    for window in 0..<windows.count {
      if shouldStop() { throw .stopped(done: window) }
      do throws(CallError) {
        try scorer.score(windows, window)
      } catch {
        throw .call(window: window, error)
      }
      let start = window * (windows.length - windows.scoreFrom)
      if let place = scorer.rows[start...].firstIndex(where: { !$0.isFinite }) {
        throw .notFinite(window: window, position: windows.scoreFrom + place - start)
      }
      progress(window + 1, windows.count)
    }
    return TextScore(scorer.rows, of: windows, isPaired: baseline != nil)
  }

  private static func check(
    _ windows: TextWindows, _ plan: Plan, _ baseline: Plan?
  ) throws(EvaluationError) {
    if let baseline, baseline.vocabulary != plan.vocabulary {
      throw .vocabularies(plan: plan.vocabulary, baseline: baseline.vocabulary)
    }
    if let position = windows.tokens.firstIndex(where: { $0 >= plan.vocabulary }) {
      throw .token(position: position, id: windows.tokens[position], vocabulary: plan.vocabulary)
    }
  }

  private static func makeContext(
    _ plan: Plan, _ windows: TextWindows, _ threads: Int?
  ) throws(EvaluationError) -> Context {
    let rows = min(windows.length, 512)
    do throws(ContextError) {
      return try Context(
        plan: plan,
        options: ContextOptions(rowCapacity: rows, logitRowCapacity: min(rows, 32), threads: threads))
    } catch {
      throw .plan(error)
    }
  }
}

/// Scores windows one after the other.
private struct WindowScorer {
  let plan: Context
  let baseline: Context?
  /// The rows scored so far.
  private(set) var rows: [RowScore] = []

  init(plan: Context, baseline: Context?) {
    self.plan = plan
    self.baseline = baseline
  }

  mutating func score(_ windows: TextWindows, _ window: Int) throws(CallError) {
    let (inputs, targets) = (Array(windows.inputs(of: window)), Array(windows.targets(of: window)))
    try plan.reset(slot: 0)
    try baseline?.reset(slot: 0)
    for start in stride(from: 0, to: inputs.count, by: plan.options.rowCapacity) {
      let chunk = start..<min(start + plan.options.rowCapacity, inputs.count)
      let segments = [Segment(slot: 0, count: chunk.count)]
      try plan.run(tokens: Array(inputs[chunk]), segments: segments)
      try baseline?.run(tokens: Array(inputs[chunk]), segments: segments)
      let scored = max(windows.scoreFrom, start)
      for first in stride(from: scored, to: chunk.upperBound, by: plan.options.logitRowCapacity) {
        let group = first..<min(first + plan.options.logitRowCapacity, chunk.upperBound)
        try score(group.map { $0 - start }, targets: targets[group])
      }
    }
  }

  /// Scores a few rows of the last run.
  private mutating func score(_ chosen: [Int], targets: ArraySlice<UInt32>) throws(CallError) {
    let logits = try plan.logits(rows: chosen)
    let others = try baseline?.logits(rows: chosen)
    let threads = min(plan.options.threads ?? 1, chosen.count)
    let scores = [RowScore](unsafeUninitializedCapacity: chosen.count) { scores, count in
      // Each thread writes its own scores, and all are done when the call returns.
      nonisolated(unsafe) let (logits, others, scores) = (logits, others, scores)
      DispatchQueue.concurrentPerform(iterations: threads) { thread in
        for row in stride(from: thread, to: targets.count, by: threads) {
          let target = Int(targets[targets.startIndex + row])
          let score =
            others.map { RowScore(logits[row], baseline: $0[row], target: target) }
            ?? RowScore(logits[row], target: target)
          scores.initializeElement(at: row, to: score)
        }
      }
      count = chosen.count
    }
    rows += scores
  }
}
