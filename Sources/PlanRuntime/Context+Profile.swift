internal import CKernels

/// How long one step of a call took.
public struct StepTime: Sendable {
  /// The instructions that the step carried out, by index in the plan.
  public let instructions: Range<Int>
  /// When it began, in nanoseconds since some fixed moment.
  public let start: Int
  /// How long it took until every thread was done.
  public let nanoseconds: Int
}

extension Context {
  /// Runs the body as `run(tokens:segments:)` does, step by step, and tells how long each took.
  ///
  /// - Parameter report: called after each step, in order.
  /// - Throws: `CallError`; nothing has run then.
  public func run(
    tokens: [UInt32], segments: [Segment], report: (StepTime) -> Void
  ) throws(CallError) {
    try prepare(tokens.span, segments.span)
    run(body, call(rows: tokens.count, segments: segments.count), report: report)
  }

  /// Runs the head as `logits(rows:)` does, step by step, and tells how long each took.
  ///
  /// - Parameter report: called after each step, in order.
  /// - Throws: `CallError`.
  public func logits(rows chosen: [Int], report: (StepTime) -> Void) throws(CallError) -> LogitRows {
    try prepare(chosen.span)
    run(head, call(rows: chosen.count, segments: 0), report: report)
    return LogitRows(context: self, count: chosen.count)
  }

  private func run(_ program: BoundProgram, _ call: qk_call, report: (StepTime) -> Void) {
    runSteps(of: program, call) { instructions, run in
      let start = SteadyClock.nanoseconds
      run()
      report(
        StepTime(instructions: instructions, start: start, nanoseconds: SteadyClock.nanoseconds - start))
    }
  }
}
