import PlanRuntime
import Testing

/// Sequences of one context, and contexts of one plan, know nothing of each other.
@Suite(.serialized)
struct StateSafetyTests {
  private static let prompt: [UInt32] = [3, 14, 15, 9, 26, 5, 35, 8]

  private func context(_ plan: Plan, slots: Int = 1) throws -> Context {
    try Context(
      plan: plan,
      options: ContextOptions(rowCapacity: 16, logitRowCapacity: 16, stateSlots: slots, threads: 2))
  }

  private func bits(_ logits: LogitRows) -> [[UInt32]] {
    (0..<logits.count).map { logits[$0].map(\.bitPattern) }
  }

  /// Logits of every token, one call each, with whatever happens between the calls.
  private func logits(_ context: Context, slot: Int, between: (Int) throws -> Void = { _ in }) throws
    -> [[UInt32]]
  {
    var all: [[UInt32]] = []
    for (index, token) in Self.prompt.enumerated() {
      try context.run(tokens: [token], segments: [Segment(slot: slot, count: 1)])
      all += bits(try context.logits(rows: [0]))
      try between(index)
    }
    return all
  }

  @Test(arguments: MadePlan.Kind.allCases)
  func savedAndRestoredAfterEveryToken(_ kind: MadePlan.Kind) throws {
    let plan = try Plan(bytes: MadePlan.bytes(kind))
    let expected = try logits(context(plan), slot: 0)
    let moving = try context(plan, slots: 3)
    let found = try logits(moving, slot: 1) { index in
      let state = try moving.copyState(slot: 1)
      try moving.prefill(Array(Self.prompt.reversed()), slot: 1)
      try moving.prefill([UInt32(index)], slot: 2)
      try moving.restoreState(slot: 1, state)
      #expect(try moving.copyState(slot: 1) == state)
    }
    #expect(found == expected)
  }

  @Test(arguments: MadePlan.Kind.allCases)
  func fromOneContextToAnother(_ kind: MadePlan.Kind) throws {
    let plan = try Plan(bytes: MadePlan.bytes(kind))
    let expected = try logits(context(plan), slot: 0)
    var found: [[UInt32]] = []
    var state: [UInt8]?
    for token in Self.prompt {
      let next = try context(plan)
      if let state { try next.restoreState(slot: 0, state) }
      try next.run(tokens: [token], segments: [Segment(slot: 0, count: 1)])
      found += bits(try next.logits(rows: [0]))
      state = try next.copyState(slot: 0)
    }
    #expect(found == expected)
  }

  /// Other sequences run between the tokens of one, in the same slots' neighbourhood and the same rows.
  @Test(arguments: MadePlan.Kind.allCases)
  func otherSequencesLeaveNoTrace(_ kind: MadePlan.Kind) throws {
    let plan = try Plan(bytes: MadePlan.bytes(kind))
    let expected = try logits(context(plan), slot: 0)
    let shared = try context(plan, slots: 5)
    for slot in [0, 2, 4] {
      try shared.reset(slot: slot)
      let others = (0..<5).filter { $0 != slot }
      let found = try logits(shared, slot: slot) { index in
        let before = try shared.copyState(slot: slot)
        let tokens = others.flatMap { [UInt32($0 * 7), UInt32(index)] }
        try shared.run(tokens: tokens, segments: others.map { Segment(slot: $0, count: 2) })
        _ = try shared.logits(rows: Array(tokens.indices))
        #expect(throws: CallError.self) {
          try shared.run(
            tokens: [0, 0], segments: [Segment(slot: slot, count: 1), Segment(slot: slot, count: 1)])
        }
        #expect(try shared.copyState(slot: slot) == before)
      }
      #expect(found == expected)
    }
  }

  @Test
  func aResetSlotIsAsNew() throws {
    let plan = try Plan(bytes: MadePlan.bytes(.int8))
    let used = try context(plan, slots: 2)
    let fresh = try used.copyState(slot: 1)
    try used.prefill(Self.prompt, slot: 1)
    #expect(try used.copyState(slot: 1) != fresh)
    try used.reset(slot: 1)
    #expect(try used.copyState(slot: 1) == fresh)
    #expect(fresh.allSatisfy { $0 == 0 })
  }
}
