import PlanFormat
public import PlanRuntime

/// Runs a quantized plan over passages and sums what its products read.
public enum CodeCalibrator {
  /// Observes int8 tensors of a plan's body over passages, each from a zero state.
  ///
  /// The result depends neither on the order of the passages nor on the number of threads.
  ///
  /// - Parameters:
  ///   - plan: the plan that is observed.
  ///   - passages: at least one.
  ///   - tensors: names of int8 buffers.
  ///   - grams: those of them whose Gram matrix is summed: 8 bytes for each pair of channels.
  ///   - threads: nil for one on each physical core.
  ///   - progress: told how many passages are done, of how many.
  ///   - shouldStop: asked before each passage.
  /// - Throws: `CalibrationError`.
  public static func run(
    plan: Plan, passages: [Passage], tensors: [String], grams: Set<String> = [], threads: Int? = nil,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }, shouldStop: () -> Bool = { false }
  ) throws(CalibrationError) -> [String: CodeStatistics] {
    guard !passages.isEmpty else { throw .noPassages }
    let longest = passages.reduce(1) { max($0, $1.tokens.count) }
    let context = try Calibrator.makeContext(plan, longest: longest, threads)
    let observers = try observers(plan.view, Set(tensors), grams)
    let widest = observers.values.reduce(1) { max($0, $1.width) }
    let scratch = CodeScratch(
      rows: context.options.rowCapacity, width: widest, threads: context.options.threads ?? 1)
    for (done, passage) in passages.enumerated() {
      if shouldStop() { throw .stopped(done: done) }
      do throws(CallError) {
        try context.reset(slot: 0)
        for start in stride(from: 0, to: passage.tokens.count, by: context.options.rowCapacity) {
          let end = min(start + context.options.rowCapacity, passage.tokens.count)
          let segment = Segment(slot: 0, count: end - start)
          try context.run(tokens: Array(passage.tokens[start..<end]), segments: [segment]) { event in
            observers[event.buffer]?.observe(event, scratch: scratch)
          }
        }
      } catch {
        throw .call(passage: passage.index, error)
      }
      progress(done + 1, passages.count)
    }
    return Dictionary(
      observers.map { (plan.view.string(plan.view.buffer($0).name), $1.statistics) },
      uniquingKeysWith: { first, _ in first })
  }

  /// An observer for each int8 buffer of a name.
  private static func observers(
    _ view: PlanView, _ tensors: Set<String>, _ grams: Set<String>
  ) throws(CalibrationError) -> [BufferID: CodeObserver] {
    var (found, unknown): ([BufferID: CodeObserver], Set<String>) = ([:], tensors)
    for id in (0..<view.instructionCount).flatMap({ view.instruction($0).buffersWritten }) {
      let buffer = view.buffer(id)
      let name = view.string(buffer.name)
      guard buffer.type == .i8, buffer.program == .body, tensors.contains(name) else { continue }
      unknown.remove(name)
      found[id] = CodeObserver(width: Int(buffer.width), hasGram: grams.contains(name))
    }
    guard unknown.isEmpty else { throw .unknownTaps(unknown.sorted()) }
    return found
  }
}
