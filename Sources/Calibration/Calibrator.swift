public import PlanRuntime

/// Runs a float plan over passages and observes every float32 tensor on the way.
public enum Calibrator {
  /// Rows that go through the plan, and through its head, in one call at most.
  private static let (rowLimit, headRowLimit) = (512, 64)

  /// Observes a plan over passages, each from a zero state, the head over every token.
  ///
  /// A tap has the name of its buffer, or for a linear layer that adds to its output that of the instruction.
  /// The result depends neither on the order of the passages nor on the number of threads.
  ///
  /// - Parameters:
  ///   - plan: the float32 plan of the module whose tensors will be quantized.
  ///   - passages: at most `bindings.sequenceLength` tokens each, none twice.
  ///   - bindings: what the statistics belong to.
  ///   - percentileTaps: names of taps whose magnitudes are counted in histograms.
  ///   - threads: nil for one on each physical core.
  ///   - progress: told how many passages are done, of how many.
  ///   - shouldStop: asked before each passage.
  ///   - whenStopped: given what the passages so far have shown, if there were any.
  /// - Throws: `CalibrationError`.
  public static func run(
    plan: Plan, passages: [Passage], bindings: Bindings, percentileTaps: Set<String> = [],
    threads: Int? = nil,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }, shouldStop: () -> Bool = { false },
    whenStopped: (Statistics) -> Void = { _ in }
  ) throws(CalibrationError) -> Statistics {
    let counted = try check(passages, bindings)
    let context = try makeContext(plan, longest: passages.reduce(1) { max($0, $1.tokens.count) }, threads)
    let observer = try PlanObserver(
      view: plan.view, percentileTaps: percentileTaps, threads: context.options.threads ?? 1)
    for (done, passage) in passages.enumerated() {
      if shouldStop() {
        if done > 0 {
          let counted = try check(Array(passages[..<done]), bindings)
          whenStopped(Statistics(bindings: bindings, passages: counted, taps: observer.finish()))
        }
        throw .stopped(done: done)
      }
      do throws(CallError) {
        try observe(passage, context, observer)
      } catch {
        throw .call(passage: passage.index, error)
      }
      if let tap = observer.specialTap { throw .notFinite(tap: tap, passage: passage.index) }
      progress(done + 1, passages.count)
    }
    return Statistics(bindings: bindings, passages: counted, taps: observer.finish())
  }

  /// What is recorded of the passages, ascending by number.
  private static func check(
    _ passages: [Passage], _ bindings: Bindings
  ) throws(CalibrationError) -> [CountedPassage] {
    guard !passages.isEmpty else { throw .noPassages }
    var seen: Set<Int> = []
    for passage in passages {
      guard !passage.tokens.isEmpty else { throw .emptyPassage(index: passage.index) }
      guard (0..<bindings.sampleCount).contains(passage.index) else {
        throw .foreignPassage(index: passage.index, count: bindings.sampleCount)
      }
      guard passage.tokens.count <= bindings.sequenceLength else {
        throw .longPassage(
          index: passage.index, length: passage.tokens.count, limit: bindings.sequenceLength)
      }
      guard seen.insert(passage.index).inserted else { throw .doubledPassage(index: passage.index) }
    }
    return passages.sorted { $0.index < $1.index }
      .map { CountedPassage(index: $0.index, digest: $0.digest) }
  }

  static func makeContext(
    _ plan: Plan, longest: Int, _ threads: Int?
  ) throws(CalibrationError) -> Context {
    let rows = min(longest, rowLimit)
    do throws(ContextError) {
      return try Context(
        plan: plan,
        options: ContextOptions(
          rowCapacity: rows, logitRowCapacity: min(rows, headRowLimit), contextCapacity: longest,
          threads: threads))
    } catch {
      throw .plan(error)
    }
  }

  private static func observe(
    _ passage: Passage, _ context: Context, _ observer: PlanObserver
  ) throws(CallError) {
    let tokens = passage.tokens
    try context.reset(slot: 0)
    for start in stride(from: 0, to: tokens.count, by: context.options.rowCapacity) {
      let chunk = Array(tokens[start..<min(start + context.options.rowCapacity, tokens.count)])
      try context.run(tokens: chunk, segments: [Segment(slot: 0, count: chunk.count)], tap: observer.observe)
      for row in stride(from: 0, to: chunk.count, by: context.options.logitRowCapacity) {
        let rows = Array(row..<min(row + context.options.logitRowCapacity, chunk.count))
        _ = try context.logits(rows: rows, tap: observer.observe)
      }
    }
  }
}
