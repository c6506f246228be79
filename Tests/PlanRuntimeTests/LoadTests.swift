import PlanFormat
import PlanRuntime
import Testing

@Suite
struct LoadTests {
  private func problem(_ path: String) -> PlanLoadError? {
    do throws(PlanLoadError) {
      _ = try Plan(path: path)
      return nil
    } catch {
      return error
    }
  }

  @Test
  func aFileIsMappedAndRuns() throws {
    try withTemporaryFile(MadePlan.bytes(.int8)) { path in
      let context = try Context(plan: Plan(path: path), options: ContextOptions(threads: 1))
      try context.prefill([1, 2, 3])
      let fromFile = try Array(context.logits(rows: [2])[0])
      let other = try Context(plan: Plan(bytes: MadePlan.bytes(.int8)), options: ContextOptions(threads: 1))
      try other.prefill([1, 2, 3])
      #expect(try Array(other.logits(rows: [2])[0]) == fromFile)
    }
  }

  @Test
  func whatCannotBeOpenedIsNamed() throws {
    #expect(problem("/nowhere/at/all.qplan")?.exitCode == 66)
    #expect(problem("/")?.exitCode == 74)
    try withTemporaryFile([]) { #expect(problem($0)?.exitCode == 65) }
    try withTemporaryFile(Array("no plan".utf8)) { #expect(problem($0)?.exitCode == 65) }
  }

  @Test
  func correctionsAreThoseOfTheWeights() throws {
    var bytes = try MadePlan.bytes(.int8)
    let plan = try Plan(bytes: bytes)
    try plan.view.verifyCorrections()
    let linears = (0..<plan.view.instructionCount).filter { plan.view.instruction($0).opcode == .linear }
    let second = plan.view.instruction(linears[1])
    bytes[plan.view.constantRange(ConstantID(second[.weights])).lowerBound + 4 * 3] ^= 1
    let damaged = try Plan(bytes: bytes)
    #expect(throws: PlanError.instruction(linears[1], .correction(output: 3))) {
      try damaged.view.verifyCorrections()
    }
  }

  @Test(arguments: MadePlan.Kind.allCases)
  func verifyingIsLinear(_ kind: MadePlan.Kind) throws {
    let steps = try [8, 16, 32].map { layers in
      try MadePlan(kind, layers: layers).builder.bytes().withUnsafeBytes { try PlanView.steps(verifying: $0) }
    }
    #expect(steps[0] > 0 && steps[1] > steps[0])
    #expect(steps[2] - steps[1] == 2 * (steps[1] - steps[0]))
    #expect(steps[2] <= 2 * steps[1])
  }

  @Test
  func anotherVersionHasItsOwnCode() throws {
    var bytes = try MadePlan.bytes(.float)
    bytes[8] = 9
    try withTemporaryFile(bytes) { path in
      #expect(problem(path)?.exitCode == 76)
      #expect(problem(path).map { "\($0)" } == "the plan has version 9.3, this program reads 1.0 to 1.3")
    }
  }
}
