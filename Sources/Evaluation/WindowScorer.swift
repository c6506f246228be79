import Dispatch
import PlanRuntime

/// Scores windows one after the other.
final class WindowScorer {
  /// Where the baseline's logits come from.
  enum Reference {
    case none
    case context(Context)
    case stored(any StoredRows)
  }

  /// The rows scored so far.
  private(set) var rows: [RowScore] = []
  /// What was counted so far, where it is.
  let saturation: SaturationCounter?
  private let plan: Context
  private let reference: Reference
  private let windows: TextWindows
  private let record: TextScorer.Recorder?
  private let threads: Int
  /// One row of logits for each thread, where they are read from a store.
  private let decoded: UnsafeMutableBufferPointer<Float>
  /// One row of codes, where rows are recorded.
  private let codes: UnsafeMutableBufferPointer<UInt16>

  init(
    plan: Context, reference: Reference, windows: TextWindows, saturation: SaturationCounter?,
    record: TextScorer.Recorder?
  ) {
    (self.plan, self.reference, self.windows) = (plan, reference, windows)
    (self.saturation, self.record) = (saturation, record)
    threads = plan.options.threads ?? 1
    let vocabulary = plan.plan.vocabulary
    let isStored = if case .stored = reference { true } else { false }
    decoded = .allocate(capacity: isStored ? threads * vocabulary : 0)
    decoded.initialize(repeating: 0)
    codes = .allocate(capacity: record == nil ? 0 : vocabulary)
    codes.initialize(repeating: 0)
  }

  deinit {
    decoded.deallocate()
    codes.deallocate()
  }

  /// Scores a window from a zero state.
  func score(_ window: Int) throws(EvaluationError) {
    do {
      try run(window)
    } catch let error as CallError {
      throw .call(window: window, error)
    } catch {
      throw .recording(error)
    }
  }

  private func run(_ window: Int) throws {
    let (inputs, targets) = (Array(windows.inputs(of: window)), Array(windows.targets(of: window)))
    try plan.reset(slot: 0)
    if case .context(let baseline) = reference { try baseline.reset(slot: 0) }
    for start in stride(from: 0, to: inputs.count, by: plan.options.rowCapacity) {
      let chunk = start..<min(start + plan.options.rowCapacity, inputs.count)
      try run(Array(inputs[chunk]), at: start)
      let scored = max(windows.scoreFrom, start)
      for first in stride(from: scored, to: chunk.upperBound, by: plan.options.logitRowCapacity) {
        let group = first..<min(first + plan.options.logitRowCapacity, chunk.upperBound)
        try score(group.map { $0 - start }, at: start, targets: targets[group])
      }
    }
  }

  private func run(_ tokens: [UInt32], at start: Int) throws(CallError) {
    let segments = [Segment(slot: 0, count: tokens.count)]
    if let saturation {
      try plan.run(tokens: tokens, segments: segments) { event in
        saturation.observe(event) { start + $0 }
      }
    } else {
      try plan.run(tokens: tokens, segments: segments)
    }
    if case .context(let baseline) = reference { try baseline.run(tokens: tokens, segments: segments) }
  }

  /// Scores a few rows of the last run, which began at a position of the window.
  private func score(_ chosen: [Int], at start: Int, targets: ArraySlice<UInt32>) throws {
    let logits: LogitRows
    if let saturation {
      logits = try plan.logits(rows: chosen) { event in saturation.observe(event) { start + chosen[$0] } }
    } else {
      logits = try plan.logits(rows: chosen)
    }
    var others: LogitRows?
    if case .context(let baseline) = reference { others = try baseline.logits(rows: chosen) }
    let scores = scores(of: logits, others, targets)
    if let record {
      for (row, score) in scores.enumerated() { try store(others?[row] ?? logits[row], score, record) }
    }
    rows += scores
  }

  private func scores(
    of logits: LogitRows, _ others: LogitRows?, _ targets: ArraySlice<UInt32>
  ) -> [RowScore] {
    let threads = min(threads, targets.count)
    return [RowScore](unsafeUninitializedCapacity: targets.count) { scores, count in
      // Each thread writes its own scores, and all are done when the call returns.
      nonisolated(unsafe) let (logits, others, scores, scorer) = (logits, others, scores, self)
      DispatchQueue.concurrentPerform(iterations: threads) { thread in
        for row in stride(from: thread, to: targets.count, by: threads) {
          let target = Int(targets[targets.startIndex + row])
          scores.initializeElement(
            at: row, to: scorer.score(logits[row], others?[row], target: target, row: row, thread: thread))
        }
      }
      count = targets.count
    }
  }

  /// Scores the row that is `row` rows after those scored so far.
  private func score(
    _ logits: UnsafeBufferPointer<Float>, _ other: UnsafeBufferPointer<Float>?, target: Int, row: Int,
    thread: Int
  ) -> RowScore {
    if let other { return RowScore(logits, baseline: other, target: target) }
    guard case .stored(let store) = reference else { return RowScore(logits, target: target) }
    let part = thread * logits.count..<(thread + 1) * logits.count
    let relative = UnsafeMutableBufferPointer(rebasing: decoded[part])
    let stored = store.read(rows.count + row, into: relative)
    return RowScore(logits, stored: stored, UnsafeBufferPointer(relative), target: target)
  }

  /// Hands on the baseline's row, or the plan's own where there is no baseline.
  private func store(
    _ logits: UnsafeBufferPointer<Float>, _ score: RowScore, _ record: TextScorer.Recorder
  ) throws {
    guard score.isFinite else { return }
    let row =
      if case .none = reference {
        StoredRow(nll: score.nll, topToken: score.topToken)
      } else {
        StoredRow(nll: score.baselineNLL, topToken: score.baselineTopToken)
      }
    let step = RowCodes.encode(logits, into: codes)
    try record(RecordedRow(row: row, step: step, codes: UnsafeBufferPointer(codes)))
  }
}
