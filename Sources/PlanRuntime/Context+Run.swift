internal import CKernels
internal import PlanFormat

extension Context {
  /// Runs the body over all rows and advances the states of the segments' slots.
  ///
  /// - Parameters:
  ///   - tokens: token ids, `[rows]`.
  ///   - segments: how the rows belong to sequences, in order; their counts add up to the rows.
  /// - Throws: `CallError`; nothing has run then.
  public func run(tokens: Span<UInt32>, segments: Span<Segment>) throws(CallError) {
    try prepare(tokens, segments)
    run(body, call(rows: tokens.count, segments: segments.count))
  }

  /// Runs the body over all rows and advances the states of the segments' slots.
  ///
  /// - Throws: `CallError`; nothing has run then.
  public func run(tokens: [UInt32], segments: [Segment]) throws(CallError) {
    try run(tokens: tokens.span, segments: segments.span)
  }

  /// Runs a prompt of any length through one slot, in chunks.
  ///
  /// - Parameters:
  ///   - tokens: token ids, at least one.
  ///   - slot: the sequence's state slot.
  ///   - chunk: rows of one call at most; nil for as many as the context holds.
  /// - Returns: the row of the last token, for `logits`.
  /// - Throws: `CallError`; chunks before the one that is refused have run.
  @discardableResult
  public func prefill(_ tokens: Span<UInt32>, slot: Int = 0, chunk: Int? = nil) throws(CallError) -> Int {
    guard !tokens.isEmpty else { throw .noRows }
    let size = min(max(chunk ?? options.rowCapacity, 1), options.rowCapacity)
    for start in stride(from: 0, to: tokens.count, by: size) {
      let part = tokens.extracting(start..<min(start + size, tokens.count))
      try run(tokens: part, segments: CollectionOfOne(Segment(slot: slot, count: part.count)).span)
    }
    return rows - 1
  }

  /// Runs a prompt of any length through one slot, in chunks, and returns the row of the last token.
  ///
  /// - Throws: `CallError`; chunks before the one that is refused have run.
  @discardableResult
  public func prefill(_ tokens: [UInt32], slot: Int = 0, chunk: Int? = nil) throws(CallError) -> Int {
    try prefill(tokens.span, slot: slot, chunk: chunk)
  }

  /// Runs the head over chosen rows of the last run.
  ///
  /// - Parameter chosen: rows, in any order, at most the context's logit-row capacity.
  /// - Returns: the logits of each, valid until the next call.
  /// - Throws: `CallError`.
  public func logits(rows chosen: Span<Int>) throws(CallError) -> LogitRows {
    try prepare(chosen)
    run(head, call(rows: chosen.count, segments: 0))
    return LogitRows(context: self, count: chosen.count)
  }

  /// Runs the head over chosen rows of the last run, and returns their logits, valid until the next call.
  ///
  /// - Throws: `CallError`.
  public func logits(rows chosen: [Int]) throws(CallError) -> LogitRows { try logits(rows: chosen.span) }

  func run(_ program: BoundProgram, _ call: qk_call) {
    withUnsafePointer(to: call) { qk_pool_run(pool, program.steps.baseAddress, program.steps.count, $0) }
  }

  func call(rows: Int, segments: Int) -> qk_call {
    qk_call(
      rows: UInt32(rows), segments: UInt32(segments), segment_start: tables.segmentStart.baseAddress,
      segment_state: tables.segmentState.baseAddress, tokens: tables.tokens.baseAddress,
      selected: tables.selected.baseAddress, segment_position: tables.segmentPosition.baseAddress,
      segment_cache: tables.segmentCache.baseAddress)
  }
}

extension Context {
  /// Refuses a call that is wrong, and fills the tables for one that is right.
  func prepare(_ tokens: Span<UInt32>, _ segments: Span<Segment>) throws(CallError) {
    guard !tokens.isEmpty else { throw .noRows }
    guard tokens.count <= options.rowCapacity else {
      throw .tooManyRows(found: tokens.count, capacity: options.rowCapacity)
    }
    for row in tokens.indices {
      guard tokens[row] < plan.vocabulary else {
        throw .token(row: row, id: tokens[row], vocabulary: plan.view.model.vocabulary)
      }
      tables.tokens[row] = tokens[row]
    }
    try prepare(segments, rows: tokens.count)
    rows = tokens.count
  }

  private func prepare(_ segments: Span<Segment>, rows: Int) throws(CallError) {
    callNumber += 1
    var start = 0
    for index in segments.indices {
      let segment = segments[index]
      try check(slot: segment.slot)
      guard tables.slotCall[segment.slot] != callNumber else { throw .slotTwice(segment.slot) }
      tables.slotCall[segment.slot] = callNumber
      guard segment.count > 0 else { throw .emptySegment(index: index) }
      guard segment.count <= rows - start else {
        throw .segmentRows(found: start + segment.count, expected: rows)
      }
      try checkContext(of: segment)
      tables.segmentPosition[index] = pages.tokens[segment.slot]
      tables.segmentCache[index] = pages.base(segment.slot)
      tables.segmentStart[index] = UInt32(start)
      tables.segmentState[index] = state(of: segment.slot)
      start += segment.count
    }
    guard start == rows else { throw .segmentRows(found: start, expected: rows) }
    tables.segmentStart[segments.count] = UInt32(rows)
    for index in segments.indices where pages.layout.bytes > 0 {
      pages.tokens[segments[index].slot] += UInt32(segments[index].count)
    }
  }

  /// Refuses more tokens of a sequence than there are pages for.
  private func checkContext(of segment: Segment) throws(CallError) {
    guard pages.layout.bytes > 0 else { return }
    let needed = Int(pages.tokens[segment.slot]) + segment.count
    guard needed <= options.contextCapacity else {
      throw .context(slot: segment.slot, needed: needed, capacity: options.contextCapacity)
    }
  }

  func prepare(_ chosen: Span<Int>) throws(CallError) {
    guard !chosen.isEmpty else { throw .noRows }
    guard chosen.count <= options.logitRowCapacity else {
      throw .tooManyRows(found: chosen.count, capacity: options.logitRowCapacity)
    }
    for index in chosen.indices {
      let row = chosen[index]
      guard row >= 0, row < rows else { throw .row(found: row, rows: rows) }
      tables.selected[index] = UInt32(row)
    }
  }

  func check(slot: Int) throws(CallError) {
    guard slot >= 0, slot < options.stateSlots else { throw .slot(found: slot, slots: options.stateSlots) }
  }

  func state(of slot: Int) -> UnsafeMutablePointer<UInt8> {
    (states.base + slot * stateBytes).assumingMemoryBound(to: UInt8.self)
  }
}

/// The logits of the rows that a call chose, valid until the context's next call.
public struct LogitRows {
  private let context: Context
  /// How many rows.
  public let count: Int
  /// Logits of one row.
  public var vocabulary: Int { context.plan.vocabulary }

  init(context: Context, count: Int) {
    self.context = context
    self.count = count
  }

  /// The logits of the row that was chosen at this place, `[vocabulary]`.
  public subscript(row: Int) -> UnsafeBufferPointer<Float> {
    precondition(row >= 0 && row < count, "row was not chosen")
    let start = context.logitsOperand.base + row * Int(context.logitsOperand.stride)
    let floats = UnsafeRawPointer(start).assumingMemoryBound(to: Float.self)
    return UnsafeBufferPointer(start: floats, count: vocabulary)
  }
}
