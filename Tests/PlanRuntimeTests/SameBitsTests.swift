import PlanFormat
import PlanRuntime
import Testing

/// The same logits and states bit for bit, however the work is cut.
@Suite(.serialized)
struct SameBitsTests {
  private static let prompt: [UInt32] = (0..<19).map { ($0 * 11 + 3) % 37 }
  private static let sets = InstructionSet.allCases.filter(\.isSupported)

  private func context(
    _ kind: MadePlan.Kind, threads: Int = 1, slots: Int = 1, set: InstructionSet = .scalar
  ) throws -> Context {
    let plan = try Plan(bytes: MadePlan.bytes(kind))
    return try Context(
      plan: plan,
      options: ContextOptions(
        rowCapacity: 64, logitRowCapacity: 64, stateSlots: slots, threads: threads, instructionSet: set))
  }

  private func bits(_ logits: LogitRows) -> [[UInt32]] {
    (0..<logits.count).map { logits[$0].map(\.bitPattern) }
  }

  /// Logits of every row and the state after the whole prompt in one call, on scalar kernels and one thread.
  private func whole(_ kind: MadePlan.Kind) throws -> (logits: [[UInt32]], state: [UInt8]) {
    let context = try context(kind)
    try context.prefill(Self.prompt)
    return (bits(try context.logits(rows: Array(Self.prompt.indices))), try context.copyState(slot: 0))
  }

  @Test(arguments: MadePlan.Kind.allCases)
  func onEveryInstructionSetThreadsAndChunk(_ kind: MadePlan.Kind) throws {
    let expected = try whole(kind)
    #expect(Set(expected.logits).count == Self.prompt.count)
    for set in Self.sets {
      for threads in [1, 2, 3] {
        let context = try context(kind, threads: threads, set: set)
        for chunk in [1, 2, 5, 16, 19] {
          try context.reset(slot: 0)
          var logits: [[UInt32]] = []
          for start in stride(from: 0, to: Self.prompt.count, by: chunk) {
            let tokens = Array(Self.prompt[start..<min(start + chunk, Self.prompt.count)])
            try context.run(tokens: tokens, segments: [Segment(slot: 0, count: tokens.count)])
            logits += bits(try context.logits(rows: Array(tokens.indices)))
          }
          #expect(logits == expected.logits, "\(set) \(threads) threads, chunks of \(chunk)")
          #expect(try context.copyState(slot: 0) == expected.state)
        }
      }
    }
  }

  @Test(arguments: MadePlan.Kind.allCases, sets)
  func inABatchAsAlone(_ kind: MadePlan.Kind, _ set: InstructionSet) throws {
    let prompts: [[UInt32]] = [Self.prompt, [5], [8, 13, 21, 34], Array(Self.prompt.reversed())]
    var alone: [([[UInt32]], [UInt8])] = []
    for prompt in prompts {
      let context = try context(kind)
      try context.prefill(prompt)
      let first = bits(try context.logits(rows: [prompt.count - 1]))
      try context.prefill([7])
      alone.append((first + bits(try context.logits(rows: [0])), try context.copyState(slot: 0)))
    }
    let context = try context(kind, threads: 2, slots: 6, set: set)
    let slots = [4, 0, 5, 2]
    try context.run(
      tokens: prompts.flatMap { $0 }, segments: zip(slots, prompts).map { Segment(slot: $0, count: $1.count) }
    )
    let ends = prompts.indices.map { prompts[...$0].reduce(0) { $0 + $1.count } - 1 }
    let first = bits(try context.logits(rows: ends))
    try context.run(tokens: [7, 7, 7, 7], segments: slots.map { Segment(slot: $0, count: 1) })
    let second = bits(try context.logits(rows: [0, 1, 2, 3]))
    for index in prompts.indices {
      #expect([first[index], second[index]] == alone[index].0, "prompt \(index)")
      #expect(try context.copyState(slot: slots[index]) == alone[index].1)
    }
    #expect(try context.copyState(slot: 1).allSatisfy { $0 == 0 })
  }

  @Test(arguments: MadePlan.Kind.allCases)
  func fromASavedState(_ kind: MadePlan.Kind) throws {
    let expected = try whole(kind)
    let context = try context(kind, slots: 2)
    try context.prefill(Array(Self.prompt[..<7]), slot: 0)
    let saved = try context.copyState(slot: 0)
    try context.prefill([1, 2, 3], slot: 0)
    try context.restoreState(slot: 1, saved)
    try context.prefill(Array(Self.prompt[7...]), slot: 1)
    #expect(bits(try context.logits(rows: [11])) == [expected.logits[18]])
    #expect(try context.copyState(slot: 1) == expected.state)
  }

  @Test(arguments: MadePlan.Kind.allCases)
  func withATap(_ kind: MadePlan.Kind) throws {
    let expected = try whole(kind)
    let context = try context(kind, threads: 2)
    var names: [String] = []
    try context.run(tokens: Self.prompt, segments: [Segment(slot: 0, count: Self.prompt.count)]) {
      names.append($0.name)
    }
    let logits = try context.logits(rows: Array(Self.prompt.indices)) { names.append($0.name) }
    #expect(bits(logits) == expected.logits)
    #expect(names.first == "residual" && names.last == "lm_head")
    #expect(names.filter { $0 == "residual" }.count == 3)
  }

  @Test
  func aPromptLongerThanTheCapacityIsCut() throws {
    let expected = try whole(.int8)
    let plan = try Plan(bytes: MadePlan.bytes(.int8))
    let context = try Context(plan: plan, options: ContextOptions(rowCapacity: 8, threads: 1))
    let row = try context.prefill(Self.prompt)
    #expect(row == 2)
    #expect(bits(try context.logits(rows: [row])) == [expected.logits[18]])
    try context.reset(slot: 0)
    let cut = try context.prefill(Self.prompt, chunk: 3)
    #expect(bits(try context.logits(rows: [cut])) == [expected.logits[18]])
  }
}
