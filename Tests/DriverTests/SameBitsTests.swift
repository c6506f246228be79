import Passes
import PlanRuntime
import Testing

/// Compiled plans give the same logits and states bit for bit, however the work is cut.
@Suite(.serialized)
struct SameBitsTests {
  private static let sets = InstructionSet.allCases.filter(\.isSupported)
  private static let models = [
    "mamba-f32", "mamba-bf16-sharded", "falcon-mamba-bin-sharded", "mamba2-f32", "mamba2-limited",
    "jamba-f32",
  ]
  private static let recipes = [
    "float32", "naive", "smooth", "quarot", "quamba-channel", "quamba-smooth", "quamba-w4",
  ]
  private static let prompt = tokens(70, seed: 3)

  private static func tokens(_ count: Int, seed: Int) -> [UInt32] {
    (0..<count).map { UInt32(($0 * $0 * 7 + $0 * 31 + seed * 97) % 61) }
  }

  /// What a sequence leaves: the bits of its logits, `[positions][vocabulary]`, and its state.
  private struct Trace: Equatable {
    var logits: [[UInt32]] = []
    var state: [UInt8] = []
  }

  private func plan(_ model: String, _ recipe: String) throws -> Plan {
    try compiledPlan(Fixtures.model(model), try #require(Recipe.named(recipe)))
  }

  private func context(
    _ plan: Plan, _ set: InstructionSet = .scalar, threads: Int = 1, slots: Int = 1
  ) throws -> Context {
    try Context(
      plan: plan,
      options: ContextOptions(
        logitRowCapacity: 512, stateSlots: slots, threads: threads, instructionSet: set))
  }

  private func bits(_ logits: LogitRows) -> [[UInt32]] {
    (0..<logits.count).map { logits[$0].map(\.bitPattern) }
  }

  /// Runs tokens through slot 0 in chunks, from the beginning.
  private func trace(_ context: Context, _ tokens: [UInt32], chunk: Int = 512) throws -> Trace {
    try context.reset(slot: 0)
    var trace = Trace()
    for start in stride(from: 0, to: tokens.count, by: chunk) {
      let part = Array(tokens[start..<min(start + chunk, tokens.count)])
      try context.run(tokens: part, segments: [Segment(slot: 0, count: part.count)])
      trace.logits += bits(try context.logits(rows: Array(part.indices)))
    }
    trace.state = try context.copyState(slot: 0)
    return trace
  }

  private func expectSameBits(
    _ plan: Plan, _ prompt: [UInt32], threads: [Int], chunks: [Int]
  ) throws {
    let expected = try trace(try context(plan), prompt)
    #expect(Set(expected.logits).count > prompt.count / 2)
    for set in Self.sets {
      for count in threads {
        let context = try context(plan, set, threads: count)
        // Three threads on fewer cores wait for each other after every instruction.
        for chunk in chunks where chunk > 1 || count < 3 {
          let found = try trace(context, prompt, chunk: chunk)
          #expect(found.logits == expected.logits, "\(set), \(count) threads, chunks of \(chunk)")
          #expect(found.state == expected.state, "\(set), \(count) threads, chunks of \(chunk)")
        }
      }
    }
  }

  @Test(arguments: models, recipes)
  func onEveryInstructionSetThreadsAndChunk(_ model: String, _ recipe: String) throws {
    try expectSameBits(
      try plan(model, recipe), Self.prompt, threads: [1, 2, 3], chunks: [1, 7, 64, Self.prompt.count])
  }

  @Test(arguments: ["quamba", "quamba-channel"])
  func onTheExample(_ recipe: String) throws {
    let plan = try compiledPlan(Fixtures.example, try #require(Recipe.named(recipe)))
    try expectSameBits(plan, Array(Self.prompt[..<48]), threads: [1, 2], chunks: [7, 48])
  }

  @Test(arguments: models, recipes)
  func inABatchAsAlone(_ model: String, _ recipe: String) throws {
    let plan = try plan(model, recipe)
    let prompts = [1, 7, 33, 64, 150].enumerated().map { Self.tokens($1, seed: $0) }
    let alone = try prompts.map { prompt in try trace(try context(plan), prompt + [5, 6]) }
    let slots = [4, 0, 7, 2, 5]
    for set in Self.sets {
      let context = try context(plan, set, threads: 2, slots: 8)
      var found = slots.map { _ in Trace() }
      for step in [prompts, prompts.map { _ in [5] }, prompts.map { _ in [6] }] {
        let segments = zip(slots, step).map { Segment(slot: $0, count: $1.count) }
        try context.run(tokens: step.flatMap { $0 }, segments: segments)
        var logits = bits(try context.logits(rows: Array(0..<step.reduce(0) { $0 + $1.count })))[...]
        for (index, tokens) in step.enumerated() {
          found[index].logits += logits.prefix(tokens.count)
          logits = logits.dropFirst(tokens.count)
        }
      }
      for index in slots.indices { found[index].state = try context.copyState(slot: slots[index]) }
      #expect(found == alone, "\(set)")
      for unused in [1, 3, 6] { #expect(try context.copyState(slot: unused).allSatisfy { $0 == 0 }) }
    }
  }

  @Test(arguments: models, recipes)
  func fromASavedState(_ model: String, _ recipe: String) throws {
    let plan = try plan(model, recipe)
    let expected = try trace(try context(plan), Self.prompt)
    let first = try context(plan, threads: 2)
    let saved = try trace(first, Array(Self.prompt[..<31])).state
    let second = try context(plan, try #require(Self.sets.last), slots: 3)
    try second.prefill([9, 8, 7], slot: 1)
    try second.restoreState(slot: 1, saved)
    try second.run(tokens: Array(Self.prompt[31...]), segments: [Segment(slot: 1, count: 39)])
    #expect(bits(try second.logits(rows: Array(0..<39))) == Array(expected.logits[31...]))
    #expect(try second.copyState(slot: 1) == expected.state)
    #expect(try second.copyState(slot: 2).allSatisfy { $0 == 0 })
  }

  @Test
  func interleavedSequencesDoNotMeet() throws {
    let plan = try plan("mamba-f32", "quamba-channel")
    let prompts = [Self.tokens(40, seed: 11), Self.tokens(40, seed: 12)]
    let alone = try prompts.map { try trace(try context(plan), $0).state }
    let both = try context(plan, threads: 2, slots: 2)
    for position in 0..<40 {
      for slot in 0..<2 {
        try both.run(tokens: [prompts[slot][position]], segments: [Segment(slot: slot, count: 1)])
      }
    }
    #expect(try [both.copyState(slot: 0), both.copyState(slot: 1)] == alone)
  }
}
