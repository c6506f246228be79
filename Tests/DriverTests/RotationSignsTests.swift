import CompilerDriver
import Passes
import PlanRuntime
import Testing

/// Signs before a rotation, in plans of codes.
@Suite("Signs before a rotation", .serialized)
struct RotationSignsTests {
  private static let prompt: [UInt32] = (0..<48).map { $0 * 7 % 61 }

  private func logits(_ recipe: Recipe) throws -> [Float] {
    let plan = try compiledPlan(Fixtures.model("mamba-f32"), recipe)
    let context = try Context(plan: plan, options: ContextOptions(logitRowCapacity: 48, threads: 1))
    try context.run(tokens: Self.prompt, segments: [Segment(slot: 0, count: Self.prompt.count)])
    let rows = try context.logits(rows: Array(Self.prompt.indices))
    return (0..<rows.count).flatMap { Array(rows[$0]) }
  }

  /// They serve about as well as none on a model without outliers.
  @Test(arguments: [Recipe.quamba, .quambaChannel, .quambaSmooth, .quarot])
  func errorStays(_ recipe: Recipe) throws {
    let float = try logits(.float32)
    let error = { (values: [Float]) in zip(values, float).reduce(0.0) { $0 + Double(abs($1.0 - $1.1)) } }
    var signed = recipe
    signed.rotation.signs = 7
    let (plain, turned) = (try logits(recipe), try logits(signed))
    #expect(turned != plain)
    #expect(error(turned) < 1.25 * error(plain))
  }
}
