internal import CKernels

extension Context {
  /// Runs the body as `run(tokens:segments:)` does, and shows every buffer as its instruction leaves it.
  ///
  /// - Parameter tap: called in the order of the instructions, once for each buffer that one writes.
  /// - Throws: `CallError`; nothing has run then.
  public func run(
    tokens: [UInt32], segments: [Segment], tap: (TapEvent) -> Void
  ) throws(CallError) {
    try prepare(tokens.span, segments.span)
    run(body, call(rows: tokens.count, segments: segments.count), tap: tap)
  }

  /// Runs the head as `logits(rows:)` does, and shows every buffer as its instruction leaves it.
  ///
  /// - Throws: `CallError`.
  public func logits(rows chosen: [Int], tap: (TapEvent) -> Void) throws(CallError) -> LogitRows {
    try prepare(chosen.span)
    run(head, call(rows: chosen.count, segments: 0), tap: tap)
    return LogitRows(context: self, count: chosen.count)
  }

  private func run(_ program: BoundProgram, _ call: qk_call, tap: (TapEvent) -> Void) {
    runSteps(of: program, call) { instructions, run in
      run()
      for output in instructions.flatMap({ tapOutputs.outputs[$0] }) {
        tap(TapEvent(output, rows: Int(call.rows)))
      }
    }
  }
}
