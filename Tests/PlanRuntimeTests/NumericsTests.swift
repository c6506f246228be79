import PlanFormat
import PlanRuntime
import Testing

@Suite(.serialized)
struct NumericsTests {
  @Test(arguments: MadePlan.Kind.allCases, InstructionSet.allCases.filter(\.isSupported))
  func everyInstructionMatchesItsMeaning(_ kind: MadePlan.Kind, _ set: InstructionSet) throws {
    let bytes = try MadePlan.bytes(kind)
    let plan = try Plan(bytes: bytes)
    let context = try Context(
      plan: plan, options: ContextOptions(rowCapacity: 8, threads: 2, instructionSet: set))
    let reference = ReferenceInterpreter(plan: plan, bytes: bytes)
    for tokens in [[3, 1, 4, 1, 5], [9], [2, 6]] as [[UInt32]] {
      try context.run(tokens: tokens, segments: [Segment(slot: 0, count: tokens.count)]) {
        reference.check($0, tokens: tokens, selected: [])
      }
      _ = try context.logits(rows: [tokens.count - 1, 0]) {
        reference.check($0, tokens: [], selected: [tokens.count - 1, 0])
      }
    }
    let written = (0..<plan.view.instructionCount).map { plan.view.instruction($0).buffersWritten.count }
    #expect(reference.compared == 3 * written.reduce(0, +))
  }
}
