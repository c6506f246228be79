import Passes
import PlanRuntime
import Testing

/// Calibration of models however they are rotated.
@Suite struct RotatedCalibrationTests {
  @Test(
    "an int8 plan of a rotated model computes nearly what the float model does",
    arguments: [Recipe.Rotation.Kind.local, .residual], [nil, 1])
  func rotations(_ kind: Recipe.Rotation.Kind, _ signs: Int?) throws {
    var recipe = Recipe.quambaSmooth
    recipe.rotation = Recipe.Rotation(kind: kind, signs: signs)
    let found = try logits(recipe)
    let expected = try logits(.float32)
    let largest = expected.map(abs).max() ?? 0
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= largest * 0.05 })
    #expect(found != expected)
  }

  /// Logits after a prompt, `[vocabulary]`.
  private func logits(_ recipe: Recipe) throws -> [Float] {
    let plan = try compiledPlan(Fixtures.model("mamba-f32"), recipe)
    let context = try Context(plan: plan, options: ContextOptions(threads: 1))
    let row = try context.prefill((0..<40).map { UInt32(($0 * $0 * 7 + 5) % 61) })
    return Array(try context.logits(rows: [row])[0])
  }
}
