internal import CKernels
internal import PlanFormat

/// Memory that a context's steps use, as it is.
package struct UsedMemory {
  /// What is in it.
  package enum Use: UInt32 {
    /// Only read.
    case constants
    /// Written by steps.
    case values
    /// Words, some of which are addresses in memory.
    case addresses
    /// Steps, each a `qk_step`.
    case steps
  }

  package let use: Use
  package let bytes: UnsafeRawBufferPointer

  init(_ use: Use, _ bytes: UnsafeRawBufferPointer) {
    self.use = use
    self.bytes = bytes
  }

  init(_ use: Use, _ memory: Memory) {
    self.init(use, UnsafeRawBufferPointer(start: memory.base, count: memory.count))
  }
}

/// A call that is about to run, valid meanwhile.
package struct RecordedCall {
  /// Its tables, then its `qk_call`.
  package let tables: [UsedMemory]
  /// Its steps.
  package let steps: UnsafeRawBufferPointer
}

/// For tests that run a context's steps elsewhere.
extension Context {
  /// All that the steps use except for the tables of a call; what holds addresses comes after what they lie in.
  package var usedMemory: [UsedMemory] {
    let parts = [body, head].map { UsedMemory(.addresses, UnsafeRawBufferPointer($0.parts)) }
    let steps = [body, head].map { UsedMemory(.steps, UnsafeRawBufferPointer($0.steps)) }
    let values = [arenas.body, arenas.head, states, pages.memory, rowSets.lists].map {
      UsedMemory(.values, $0)
    }
    let sets = UsedMemory(.addresses, UnsafeRawBufferPointer(rowSets.sets))
    return [UsedMemory(.constants, plan.view.memory)] + values + [sets] + parts + steps
  }

  /// Runs the body as `run(tokens:segments:)` does.
  ///
  /// - Parameter record: called before the first step.
  /// - Throws: `CallError`.
  package func run(
    tokens: [UInt32], segments: [Segment], record: (RecordedCall) throws -> Void
  ) throws {
    try prepare(tokens.span, segments.span)
    try run(body, call(rows: tokens.count, segments: segments.count), record)
  }

  /// Runs the head as `logits(rows:)` does.
  ///
  /// - Parameter record: called before the first step.
  /// - Throws: `CallError`.
  package func logits(rows chosen: [Int], record: (RecordedCall) throws -> Void) throws -> LogitRows {
    try prepare(chosen.span)
    try run(head, call(rows: chosen.count, segments: 0), record)
    return LogitRows(context: self, count: chosen.count)
  }

  private func run(
    _ program: BoundProgram, _ call: qk_call, _ record: (RecordedCall) throws -> Void
  ) throws {
    let numbers = [tables.tokens, tables.selected, tables.segmentStart, tables.segmentPosition]
    let places = [tables.segmentState, tables.segmentCache].map { UsedMemory(.addresses, .init($0)) }
    try withUnsafeBytes(of: call) { bytes in
      let memory =
        numbers.map { UsedMemory(.constants, .init($0)) } + places + [UsedMemory(.addresses, bytes)]
      try record(RecordedCall(tables: memory, steps: UnsafeRawBufferPointer(program.steps)))
    }
    run(program, call)
  }
}
