import PlanFormat
import PlanRuntime
import Testing

@Suite(.serialized)
struct CallTests {
  private let context: Context

  init() throws {
    let plan = try Plan(bytes: MadePlan.bytes(.int8))
    context = try Context(
      plan: plan, options: ContextOptions(rowCapacity: 4, logitRowCapacity: 2, stateSlots: 3, threads: 1))
  }

  private func problem(_ tokens: [UInt32], _ segments: [Segment]) -> CallError? {
    do throws(CallError) {
      try context.run(tokens: tokens, segments: segments)
      return nil
    } catch {
      return error
    }
  }

  private func problem(rows: [Int]) -> CallError? {
    do throws(CallError) {
      _ = try context.logits(rows: rows)
      return nil
    } catch {
      return error
    }
  }

  @Test
  func wrongCallsAreRefusedBeforeAnythingRuns() throws {
    let before = try context.copyState(slot: 0)
    let one = [Segment(slot: 0, count: 1)]
    #expect(problem([], []) == .noRows)
    #expect(problem([], one) == .noRows)
    #expect(problem([1, 2, 3, 4, 5], [Segment(slot: 0, count: 5)]) == .tooManyRows(found: 5, capacity: 4))
    #expect(problem([1, 37], [Segment(slot: 0, count: 2)]) == .token(row: 1, id: 37, vocabulary: 37))
    #expect(problem([.max], one) == .token(row: 0, id: .max, vocabulary: 37))
    #expect(problem([1, 2], one) == .segmentRows(found: 1, expected: 2))
    #expect(problem([1], []) == .segmentRows(found: 0, expected: 1))
    #expect(problem([1], [Segment(slot: 0, count: 2)]) == .segmentRows(found: 2, expected: 1))
    #expect(problem([1], [Segment(slot: 0, count: .max)]) != nil)
    #expect(
      problem([1], [Segment(slot: 0, count: 1), Segment(slot: 1, count: 0)]) == .emptySegment(index: 1))
    #expect(problem([1], [Segment(slot: 0, count: -1)]) == .emptySegment(index: 0))
    #expect(problem([1], [Segment(slot: 3, count: 1)]) == .slot(found: 3, slots: 3))
    #expect(problem([1], [Segment(slot: -1, count: 1)]) == .slot(found: -1, slots: 3))
    #expect(problem([1, 2], [Segment(slot: 2, count: 1), Segment(slot: 2, count: 1)]) == .slotTwice(2))
    #expect(try context.copyState(slot: 0) == before)
  }

  @Test
  func logitsAreOfRowsOfTheLastRun() throws {
    #expect(problem(rows: [0]) == .row(found: 0, rows: 0))
    #expect(problem([1, 2], [Segment(slot: 0, count: 2)]) == nil)
    #expect(problem(rows: []) == .noRows)
    #expect(problem(rows: [2]) == .row(found: 2, rows: 2))
    #expect(problem(rows: [-1]) == .row(found: -1, rows: 2))
    #expect(problem(rows: [0, 1, 0]) == .tooManyRows(found: 3, capacity: 2))
    #expect(problem(rows: [1, 1]) == nil)
    let logits = try context.logits(rows: [1, 0])
    #expect(logits.count == 2 && logits.vocabulary == 37 && logits[1].count == 37)
  }

  @Test
  func aRefusedCallLeavesNoLogitsOfItsOwn() throws {
    try context.run(tokens: [1, 2, 3], segments: [Segment(slot: 0, count: 3)])
    let before = try Array(context.logits(rows: [2])[0])
    #expect(problem([1, 2, 99], [Segment(slot: 0, count: 3)]) != nil)
    #expect(try Array(context.logits(rows: [2])[0]) == before)
  }

  @Test
  func statesAreOfOneSizeAndOneSlot() {
    #expect(throws: CallError.stateSize(found: 1, expected: context.stateBytes)) {
      try context.restoreState(slot: 0, [0])
    }
    #expect(throws: CallError.slot(found: 3, slots: 3)) { try context.reset(slot: 3) }
    #expect(throws: CallError.slot(found: -1, slots: 3)) { try context.copyState(slot: -1) }
  }

  @Test
  func aPrefillOfNothingIsRefused() {
    #expect(throws: CallError.noRows) { try context.prefill([]) }
  }

  @Test(arguments: [
    ContextOptions(rowCapacity: 0), ContextOptions(logitRowCapacity: -1), ContextOptions(stateSlots: 0),
    ContextOptions(threads: 0), ContextOptions(rowCapacity: .max),
  ])
  func wrongOptionsAreRefused(_ options: ContextOptions) {
    #expect(throws: ContextError.self) { try Context(plan: context.plan, options: options) }
  }

  @Test
  func anInstructionSetThatTheProcessorLacksIsNamed() {
    for set in InstructionSet.allCases where !set.isSupported {
      #expect {
        try Context(plan: context.plan, options: ContextOptions(instructionSet: set))
      } throws: { error in
        guard let error = error as? ContextError, case .unsupportedInstructionSet(set) = error else {
          return false
        }
        return error.exitCode == 69
      }
    }
  }

  @Test
  func thePlansRecordsCanBeRead() {
    #expect(context.plan.metadata("tool") == "test")
    #expect(context.plan.layers == 2 && context.plan.tokenizerSection.isEmpty)
    #expect(context.options.threads == 1 && context.options.instructionSet != nil)
  }
}
