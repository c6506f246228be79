public import PlanRuntime

/// Runs a plan with a clock between the steps.
public final class Profiler {
  private let context: Context
  private let probe: LimitProbe
  private let work: PlanWork
  private let limitSeconds: Double
  private var tokens: BenchTokens

  /// Prepares a plan.
  ///
  /// - Parameters:
  ///   - threads: how many threads; nil for one on each physical core that the process may use.
  ///   - limitSeconds: seconds that one measurement of the machine's limits takes.
  ///   - limitBytes: bytes that a measurement of the read bandwidth reads.
  /// - Throws: `ContextError`.
  public init(
    _ plan: Plan, threads: Int? = nil, limitSeconds: Double = 0.5, limitBytes: Int = 1 << 30
  ) throws(ContextError) {
    context = try Context(plan: plan, options: ContextOptions(threads: threads))
    probe = try LimitProbe(threads: threads, byteCount: limitBytes)
    work = PlanWork(plan)
    tokens = BenchTokens(vocabulary: plan.vocabulary)
    self.limitSeconds = limitSeconds
  }

  /// Profiles a prompt of pseudo-random tokens, and decoding of one sequence after it.
  ///
  /// - Parameters:
  ///   - prompt: tokens of the prompt, at least 1.
  ///   - steps: decode steps, at least 1.
  /// - Throws: `CallError`.
  public func profile(prompt: Int = 512, steps: Int = 32) throws(CallError) -> Profile {
    let rows = context.options.rowCapacity
    let ids = tokens.next(prompt)
    let chunks = stride(from: 0, to: prompt, by: rows).map { Array(ids[$0..<min($0 + rows, prompt)]) }
    let prefill = try phase("prefill", [Pass(calls: chunks)])
    let single = (0..<steps).map { _ in Pass(calls: [tokens.next(1)]) }
    return Profile(
      threads: probe.threads, instructionSet: probe.instructionSet.rawValue,
      phases: [prefill, try phase("decode", single)])
  }

  /// Calls of the body, then one of the head for the last row.
  private struct Pass {
    let calls: [[UInt32]]
  }

  private func phase(_ name: String, _ passes: [Pass]) throws(CallError) -> ProfilePhase {
    // Once without looking, so that every page has been touched.
    for pass in passes.prefix(1) { try run(pass) }
    let before = probe.measure(seconds: limitSeconds)
    let start = SteadyClock.nanoseconds
    for pass in passes { try run(pass) }
    let plain = Double(SteadyClock.nanoseconds - start) * 1e-9
    var events: [ProfileEvent] = []
    for pass in passes { try run(pass, into: &events) }
    return ProfilePhase(
      name: name, tokens: passes.reduce(0) { $0 + $1.calls.reduce(0) { $0 + $1.count } },
      limits: .mean(before, probe.measure(seconds: limitSeconds)), plainSeconds: plain, events: events)
  }

  private func run(_ pass: Pass) throws(CallError) {
    for ids in pass.calls { try context.run(tokens: ids, segments: [Segment(slot: 0, count: ids.count)]) }
    _ = try context.logits(rows: [(pass.calls.last?.count ?? 1) - 1])
  }

  private func run(_ pass: Pass, into events: inout [ProfileEvent]) throws(CallError) {
    for ids in pass.calls {
      try context.run(tokens: ids, segments: [Segment(slot: 0, count: ids.count)]) {
        events.append(event($0, rows: ids.count))
      }
    }
    _ = try context.logits(rows: [(pass.calls.last?.count ?? 1) - 1]) { events.append(event($0, rows: 1)) }
  }

  private func event(_ time: StepTime, rows: Int) -> ProfileEvent {
    ProfileEvent(Array(work.instructions[time.instructions]), time, rows: rows)
  }
}

extension ProfileEvent {
  /// What one step of one sequence's rows took.
  init(_ instructions: [InstructionWork], _ time: StepTime, rows: Int) {
    let first = instructions.first
    opcode = first?.opcode ?? ""
    role = instructions.map(\.role).joined(separator: "+")
    layer = first?.layer.map { "\($0)" } ?? (first?.isHead == true ? "head" : "embedding")
    start = time.start
    var cost = ProfileCost(calls: 1, nanoseconds: time.nanoseconds)
    for instruction in instructions {
      let fixed = Double(instruction.constantBytes) + Double(instruction.stateBytes)
      cost.bytes += fixed + Double(rows) * Double(instruction.rowBytes)
      cost.int8Products += Double(rows) * Double(instruction.int8Products)
      cost.floatOperations += Double(rows) * Double(instruction.floatOperations)
    }
    self.cost = cost
  }
}
