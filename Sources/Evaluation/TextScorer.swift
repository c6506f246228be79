public import PlanRuntime

/// Perplexity of a plan on a text, by itself or in lock step with a baseline.
public enum TextScorer {
  /// Takes the baseline's rows, or the plan's own where there is no baseline, in order.
  public typealias Recorder = (RecordedRow) throws -> Void

  /// Scores a text window by window, each from a zero state; logits are kept for a few rows only.
  ///
  /// The result depends neither on the processor nor on the number of threads.
  ///
  /// - Parameters:
  ///   - plan: the plan to score.
  ///   - windows: the text.
  ///   - baseline: what to compare with, of the same vocabulary.
  ///   - threads: nil for one on each physical core.
  ///   - contextCapacity: tokens of a sequence that there is room for; nil for as many as a window has.
  ///   - countsSaturation: whether codes at the ends of their range are counted, which costs some time.
  ///   - record: is given every row as a baseline stores it.
  ///   - progress: told how many windows are done, of how many.
  ///   - shouldStop: asked before each window.
  /// - Throws: `EvaluationError`.
  public static func score(
    _ plan: Plan, on windows: TextWindows, against baseline: Baseline? = nil, threads: Int? = nil,
    contextCapacity: Int? = nil, countsSaturation: Bool = false, record: Recorder? = nil,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }, shouldStop: () -> Bool = { false }
  ) throws(EvaluationError) -> TextScore {
    try check(windows, plan, baseline)
    let scorer = WindowScorer(
      plan: try makeContext(plan, windows, threads, contextCapacity),
      reference: try reference(baseline, windows, threads),
      windows: windows, saturation: countsSaturation ? SaturationCounter(windows) : nil, record: record)
    for window in 0..<windows.count {
      if shouldStop() { throw .stopped(done: window) }
      try scorer.score(window)
      let start = window * (windows.length - windows.scoreFrom)
      if let place = scorer.rows[start...].firstIndex(where: { !$0.isFinite }) {
        throw .notFinite(window: window, position: windows.scoreFrom + place - start)
      }
      progress(window + 1, windows.count)
    }
    return TextScore(
      scorer.rows, of: windows, isPaired: baseline != nil, saturation: scorer.saturation?.score)
  }

  /// Scores a text, compared with a plan.
  /// - Throws: `EvaluationError`.
  public static func score(
    _ plan: Plan, on windows: TextWindows, baseline: Plan?, threads: Int? = nil,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }, shouldStop: () -> Bool = { false }
  ) throws(EvaluationError) -> TextScore {
    try score(
      plan, on: windows, against: baseline.map { .plan($0) }, threads: threads, progress: progress,
      shouldStop: shouldStop)
  }

  private static func check(
    _ windows: TextWindows, _ plan: Plan, _ baseline: Baseline?
  ) throws(EvaluationError) {
    let vocabulary =
      switch baseline {
      case .plan(let plan): plan.vocabulary
      case .stored(let rows): rows.vocabulary
      case nil: plan.vocabulary
      }
    if vocabulary != plan.vocabulary {
      throw .vocabularies(plan: plan.vocabulary, baseline: vocabulary)
    }
    if case .stored(let rows) = baseline, rows.count != windows.tokensScored {
      throw .storedRows(found: rows.count, expected: windows.tokensScored)
    }
    if let position = windows.tokens.firstIndex(where: { $0 >= plan.vocabulary }) {
      throw .token(position: position, id: windows.tokens[position], vocabulary: plan.vocabulary)
    }
  }

  private static func reference(
    _ baseline: Baseline?, _ windows: TextWindows, _ threads: Int?
  ) throws(EvaluationError) -> WindowScorer.Reference {
    switch baseline {
    case .plan(let plan): .context(try makeContext(plan, windows, threads))
    case .stored(let rows): .stored(rows)
    case nil: .none
    }
  }

  private static func makeContext(
    _ plan: Plan, _ windows: TextWindows, _ threads: Int?, _ contextCapacity: Int? = nil
  ) throws(EvaluationError) -> Context {
    let rows = min(windows.length, 512)
    do throws(ContextError) {
      return try Context(
        plan: plan,
        options: ContextOptions(
          rowCapacity: rows, logitRowCapacity: min(rows, 32),
          contextCapacity: contextCapacity ?? windows.length, threads: threads))
    } catch {
      throw .plan(error)
    }
  }
}
