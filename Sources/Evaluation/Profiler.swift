public import PlanRuntime

/// Runs a plan with a clock between the steps.
public final class Profiler {
  private let context: Context
  private let probe: LimitProbe
  private let work: PlanWork
  private let batch: Int
  private let limitSeconds: Double
  private let shouldStop: () -> Bool
  private var tokens: BenchTokens

  /// Prepares a plan.
  ///
  /// - Parameters:
  ///   - batch: sequences that are decoded together, at least 1.
  ///   - threads: how many threads; nil for one on each physical core that the process may use.
  ///   - contextCapacity: tokens of a sequence that there is room for.
  ///   - limitSeconds: seconds that one measurement of the machine's limits takes.
  ///   - limitBytes: bytes that a measurement of the read bandwidth reads.
  ///   - shouldStop: asked before each call of the plan.
  /// - Throws: `ContextError`.
  public init(
    _ plan: Plan, batch: Int = 1, threads: Int? = nil,
    contextCapacity: Int = ContextOptions.usualContextCapacity, limitSeconds: Double = 0.5,
    limitBytes: Int = 1 << 30, shouldStop: @escaping () -> Bool = { false }
  ) throws(ContextError) {
    context = try Context(
      plan: plan,
      options: ContextOptions(
        rowCapacity: max(512, batch), logitRowCapacity: max(16, batch), stateSlots: batch,
        contextCapacity: contextCapacity, threads: threads))
    probe = try LimitProbe(threads: threads, byteCount: limitBytes)
    work = PlanWork(plan)
    tokens = BenchTokens(vocabulary: plan.vocabulary)
    (self.batch, self.limitSeconds, self.shouldStop) = (batch, limitSeconds, shouldStop)
  }

  /// Profiles a prompt of pseudo-random tokens, and decoding after it.
  ///
  /// - Parameters:
  ///   - prompt: tokens of the prompt, at least 1.
  ///   - steps: decode steps, at least 1.
  /// - Returns: nil where it was stopped.
  /// - Throws: `CallError`.
  public func profile(prompt: Int = 512, steps: Int = 32) throws(CallError) -> Profile? {
    let rows = context.options.rowCapacity
    let ids = tokens.next(prompt)
    let chunks = stride(from: 0, to: prompt, by: rows).map { Array(ids[$0..<min($0 + rows, prompt)]) }
    let prefill = try phase("prefill", [Pass(calls: chunks, sequences: 1)])
    let singles = (0..<steps).map { _ in Pass(calls: [tokens.next(batch)], sequences: batch) }
    let decode = try phase("decode", singles)
    if shouldStop() { return nil }
    return Profile(
      threads: probe.threads, instructionSet: probe.instructionSet.rawValue, phases: [prefill, decode])
  }

  /// Calls of the body, then one of the head for the last row of each sequence.
  private struct Pass {
    /// Tokens of each call: many of one sequence, or one of each sequence.
    let calls: [[UInt32]]
    let sequences: Int

    func segments(_ ids: [UInt32]) -> [Segment] {
      (0..<sequences).map { Segment(slot: $0, count: ids.count / sequences) }
    }

    var lastRows: [Int] { Array(((calls.last?.count ?? 1) - sequences)..<(calls.last?.count ?? 1)) }
  }

  private func phase(_ name: String, _ passes: [Pass]) throws(CallError) -> ProfilePhase {
    // Once without looking, so that every page has been touched.
    try reset()
    for pass in passes.prefix(1) { try run(pass) }
    try reset()
    let before = probe.measure(seconds: limitSeconds)
    let start = SteadyClock.nanoseconds
    for pass in passes { try run(pass) }
    let plain = Double(SteadyClock.nanoseconds - start) * 1e-9
    var events: [ProfileEvent] = []
    try reset()
    for pass in passes { try run(pass, into: &events) }
    return ProfilePhase(
      name: name, tokens: passes.reduce(0) { $0 + $1.calls.reduce(0) { $0 + $1.count } },
      limits: .mean(before, probe.measure(seconds: limitSeconds)), plainSeconds: plain, events: events)
  }

  /// Lets all sequences begin anew, so that they have room for what follows.
  private func reset() throws(CallError) {
    for slot in 0..<batch { try context.reset(slot: slot) }
  }

  private func run(_ pass: Pass) throws(CallError) {
    for ids in pass.calls {
      if shouldStop() { return }
      try context.run(tokens: ids, segments: pass.segments(ids))
    }
    _ = try context.logits(rows: pass.lastRows)
  }

  private func run(_ pass: Pass, into events: inout [ProfileEvent]) throws(CallError) {
    func add(_ time: StepTime, rows: Int) {
      let instructions = Array(work.instructions[time.instructions])
      events.append(ProfileEvent(instructions, time, rows: rows, sequences: pass.sequences))
    }
    for ids in pass.calls {
      if shouldStop() { return }
      try context.run(tokens: ids, segments: pass.segments(ids)) { add($0, rows: ids.count) }
    }
    _ = try context.logits(rows: pass.lastRows) { add($0, rows: pass.sequences) }
  }
}

extension ProfileEvent {
  /// What one step of some sequences' rows took.
  init(_ instructions: [InstructionWork], _ time: StepTime, rows: Int, sequences: Int) {
    let first = instructions.first
    opcode = first?.opcode ?? ""
    role = instructions.map(\.role).joined(separator: "+")
    layer = first?.layer.map { "\($0)" } ?? (first?.isHead == true ? "head" : "embedding")
    start = time.start
    var cost = ProfileCost(calls: 1, nanoseconds: time.nanoseconds)
    for instruction in instructions {
      let fixed = Double(instruction.constantBytes) + Double(sequences) * Double(instruction.stateBytes)
      cost.bytes += fixed + Double(rows) * Double(instruction.rowBytes)
      cost.int8Products += Double(rows) * Double(instruction.int8Products)
      cost.floatOperations += Double(rows) * Double(instruction.floatOperations)
    }
    self.cost = cost
  }
}
