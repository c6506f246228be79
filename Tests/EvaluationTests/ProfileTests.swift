import Evaluation
import JSONText
import PlanFormat
import PlanRuntime
import Testing

/// Nothing here depends on how fast the machine is.
@Suite("Shape of a profile", .serialized)
struct ProfileTests {
  private static func profile(prompt: Int, steps: Int, batch: Int = 1) throws -> Profile {
    try #require(try stoppable(prompt: prompt, steps: steps, batch: batch) { false })
  }

  private static func stoppable(
    prompt: Int, steps: Int, batch: Int = 1, _ shouldStop: @escaping () -> Bool
  ) throws -> Profile? {
    let plan = try Plan(bytes: CountedPlan.bytes())
    return try Profiler(
      plan, batch: batch, threads: 2, limitSeconds: 0, limitBytes: 1 << 16, shouldStop: shouldStop
    ).profile(prompt: prompt, steps: steps)
  }

  @Test("Whenever it is stopped, there is no profile")
  func stopped() throws {
    for limit in 0..<12 {
      var questions = 0
      let profile = try Self.stoppable(prompt: 513, steps: 3) {
        questions += 1
        return questions > limit
      }
      #expect(profile == nil && questions <= limit + 12, "\(limit)")
    }
  }

  @Test("The prompt goes through in chunks, then the head runs once; decoding runs both for every token")
  func events() throws {
    let profile = try Self.profile(prompt: 513, steps: 3)
    #expect(profile.phases.map(\.name) == ["prefill", "decode"])
    #expect(profile.phases.map(\.tokens) == [513, 3])
    let body = ["embedding", "norm", "mixer.x", "mixer.u"]
    let head = ["selected", "logits"]
    #expect(profile.phases[0].events.map(\.role) == body + body + head)
    #expect(profile.phases[1].events.map(\.role) == body + head + body + head + body + head)
    #expect(Set(profile.phases[0].events.map(\.layer)) == ["embedding", "0", "head"])
  }

  @Test("Steps begin in order and none before the one before it has ended")
  func order() throws {
    for phase in try Self.profile(prompt: 4, steps: 2).phases {
      for (event, next) in zip(phase.events, phase.events.dropFirst()) {
        #expect(event.start + event.cost.nanoseconds <= next.start)
      }
    }
  }

  @Test("Costs add up: constants and states once a call, activations once a row")
  func costs() throws {
    let prefill = try Self.profile(prompt: 513, steps: 1).phases[0]
    let linear = try #require(prefill.opcodes.first { $0.name == "linear" }).cost
    #expect(linear.calls == 3)
    let (body, head) = (2 * 768 + 513 * 116, 1280 + 256)
    #expect(linear.bytes == Double(body + head))
    #expect(linear.int8Products == 513 * 480)
    #expect(linear.floatOperations == 513 * 24 + 1000)
    let conv = try #require(prefill.roles.first { $0.name == "mixer.u" }).cost
    let convBytes = 2 * (288 + 384) + 513 * 192
    #expect(conv.bytes == Double(convBytes))
    #expect(
      prefill.layers.reduce(0) { $0 + $1.cost.nanoseconds }
        == prefill.events.reduce(0) { $0 + $1.cost.nanoseconds })
  }

  @Test("A batch reads constants once, and every sequence's state")
  func batch() throws {
    let decode = try Self.profile(prompt: 4, steps: 2, batch: 3).phases[1]
    #expect(decode.tokens == 6)
    let conv = try #require(decode.roles.first { $0.name == "mixer.u" }).cost
    let convBytes = 2 * (288 + 3 * 384 + 3 * 192)
    #expect(conv.bytes == Double(convBytes))
    let head = try #require(decode.roles.first { $0.name == "logits" }).cost
    let headBytes = 2 * (1280 + 3 * 256)
    #expect(head.bytes == Double(headBytes))
  }

  @Test("Tables begin with what takes longest")
  func sorting() throws {
    for phase in try Self.profile(prompt: 20, steps: 2).phases {
      for table in [phase.opcodes, phase.roles, phase.layers] {
        let times = table.map(\.cost.nanoseconds)
        #expect(times == times.sorted(by: >))
      }
    }
  }

  @Test("Shares are work over time over the limit")
  func shares() {
    let limits = MachineLimits(readBandwidth: 8, int8Rate: 4, floatRate: 2)
    let cost = ProfileCost(calls: 1, nanoseconds: 500_000_000, bytes: 2, int8Products: 1, floatOperations: 1)
    #expect(cost.readShare(limits) == 0.5)
    #expect(cost.int8Share(limits) == 0.5)
    #expect(cost.floatShare(limits) == 1)
    #expect(ProfileCost().readShare(limits) == 0)
  }

  @Test("The trace holds a complete event for every step")
  func trace() throws {
    let profile = try Self.profile(prompt: 2, steps: 2)
    guard case .array(let events) = profile.trace else {
      Issue.record("the trace is no array")
      return
    }
    #expect(events.count == profile.phases.reduce(0) { $0 + $1.events.count })
    for case .object(let event) in events {
      #expect(event.names == ["name", "cat", "ph", "ts", "dur", "pid", "tid", "args"])
      #expect(event["ph"] == "X")
    }
    guard case .object(let first) = events[0] else { return }
    #expect(first["ts"] == .number(0))
  }

  @Test("JSON has three tables for each phase")
  func json() throws {
    guard case .object(let profile) = try Self.profile(prompt: 2, steps: 1).json,
      case .array(let phases)? = profile["phases"], case .object(let phase)? = phases.first,
      case .array(let opcodes)? = phase["opcodes"], case .object(let entry)? = opcodes.first
    else {
      Issue.record("the profile is not nested as it should be")
      return
    }
    #expect(profile.names == ["threads", "instruction_set", "phases"])
    #expect(phases.count == 2)
    #expect(phase.names.suffix(3) == ["opcodes", "roles", "layers"])
    #expect(
      entry.names == [
        "name", "calls", "seconds", "share_of_time", "bytes", "int8_products", "float_operations",
        "read_share", "int8_share", "float_share",
      ])
  }

  @Test("Timing the steps changes no logits")
  func sameBits() throws {
    let plan = try PairOfPlans.make(seed: 3)
    let tokens = PairOfPlans.text(20)
    let (plain, timed) = (
      try Context(plan: plan, options: ContextOptions(threads: 2)),
      try Context(plan: plan, options: ContextOptions(threads: 2))
    )
    let segments = [Segment(slot: 0, count: tokens.count)]
    try plain.run(tokens: tokens, segments: segments)
    var steps: [Range<Int>] = []
    try timed.run(tokens: tokens, segments: segments) { (time: StepTime) in steps.append(time.instructions) }
    let expected = Array(try plain.logits(rows: [19])[0])
    let found = Array(
      try timed.logits(rows: [19]) { (time: StepTime) in steps.append(time.instructions) }[0])
    #expect(found.map(\.bitPattern) == expected.map(\.bitPattern))
    #expect(steps.flatMap { Array($0) } == Array(0..<plan.view.instructionCount))
  }
}
