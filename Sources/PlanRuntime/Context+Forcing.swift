internal import CKernels
package import PlanFormat

extension Context {
  /// Runs the body as `run(tokens:segments:tap:)` does, and lets every buffer be overwritten before it is read.
  ///
  /// So each instruction can be given exact inputs, to see what it alone loses.
  ///
  /// - Parameter force: called before each step, once for each buffer that its instructions read.
  /// - Throws: `CallError`; nothing has run then.
  package func run(
    tokens: [UInt32], segments: [Segment], force: (InputEvent) -> Void, tap: (TapEvent) -> Void
  ) throws(CallError) {
    try prepare(tokens.span, segments.span)
    run(body, call(rows: tokens.count, segments: segments.count), force: force, tap: tap)
  }

  /// Runs the head as `logits(rows:tap:)` does, and lets every buffer be overwritten before it is read.
  ///
  /// - Throws: `CallError`.
  package func logits(
    rows chosen: [Int], force: (InputEvent) -> Void, tap: (TapEvent) -> Void
  ) throws(CallError) -> LogitRows {
    try prepare(chosen.span)
    run(head, call(rows: chosen.count, segments: 0), force: force, tap: tap)
    return LogitRows(context: self, count: chosen.count)
  }

  private func run(
    _ program: BoundProgram, _ call: qk_call, force: (InputEvent) -> Void, tap: (TapEvent) -> Void
  ) {
    runSteps(of: program, call) { instructions, run in
      var seen: Set<BufferID> = []
      for index in instructions {
        for id in plan.view.instruction(index).buffersRead where seen.insert(id).inserted {
          let isBody = plan.view.buffer(id).program == .body
          force(InputEvent(tapOutputs.input(id, of: index), rows: isBody ? rows : Int(call.rows)))
        }
      }
      run()
      for output in instructions.flatMap({ tapOutputs.outputs[$0] }) {
        tap(TapEvent(output, rows: Int(call.rows)))
      }
    }
  }
}

/// A buffer that an instruction is about to read, which may be overwritten while the hook runs.
package struct InputEvent {
  /// The instruction's index in the plan, the first of those that read the buffer in one step.
  package var instruction: Int { event.instruction }
  /// The buffer's index in the plan.
  package var buffer: BufferID { event.buffer }
  /// Elements of one row.
  package var width: Int { event.width }
  /// Rows that the buffer has.
  package var rows: Int { event.rows }
  /// The call's row that a row of the buffer belongs to.
  package func callRow(_ row: Int) -> Int { event.callRow(row) }
  private let event: TapEvent

  init(_ output: TapOutputs.Output, rows: Int) { event = TapEvent(output, rows: rows) }

  /// Overwrites a row, `[width]`, with values; 8-bit codes are what the quantizer makes of them.
  ///
  /// Wider codes stay as they are: what they lose is too little to matter to whoever reads them.
  package func write(_ values: UnsafeBufferPointer<Float>, row: Int) {
    precondition(values.count == width, "the row has another number of elements")
    switch event.type {
    case .f32:
      _ = UnsafeMutableBufferPointer(mutating: event.floats(row: row)).update(fromContentsOf: values)
    case .i8:
      let codes = UnsafeMutableBufferPointer(mutating: event.codes(row: row))
      for index in 0..<width {
        let inverse = Float(1 / Double(event.scale[event.scale.count == 1 ? 0 : index]))
        codes[index] = Int8(max(-128, min(127, values[index] * inverse)).rounded(.toNearestOrEven))
      }
    default: break
    }
  }
}
