import JSONText
import Testing

/// What verifying a plan, and running it once it has begun, allocates.
@Suite(.serialized)
struct AllocationTests {
  @Test(arguments: ["float32", "quamba-channel"])
  func aStepAllocatesNothing(_ recipe: String) throws {
    let plan = try Fixtures.plans.plan(Fixtures.model("mamba-f32"), recipe)
    let outcome = try Program.countAllocations.run([plan])
    try #require(outcome.code == 0, "\(outcome.errors)")
    let counts = JSONCursor(try JSONText.parse(outcome.output))
    for work in ["decode", "prefill", "mixed", "generation"] {
      #expect(try counts[work].int() == 0, "\(work)")
    }
    #expect(try counts["deliberate"].int() == counts["steps"].int())
    // The two tables of the arena, however long the plan is.
    #expect(try counts["verify"].int() == 2)
  }
}
