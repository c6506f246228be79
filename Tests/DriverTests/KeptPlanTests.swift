import CompilerDriver
import Diagnostics
import Passes
import PlanFormat
import PlanRuntime
import Testing

/// Plans of recipes that keep some tensors float.
@Suite("Plans with tensors that stay float", .serialized)
struct KeptPlanTests {
  private static let models = ["mamba-f32", "mamba-bf16-sharded", "mamba-f16-untied"]
  private static let prompt: [UInt32] = (0..<33).map { (index: UInt32) in
    (index * index * 7 + index * 31) % 301
  }

  private static func recipe(_ base: Recipe, keeping patterns: [String]) -> Recipe {
    var recipe = base
    recipe.keep = patterns.compactMap(Glob.init)
    return recipe
  }

  private func logits(_ plan: Plan, _ set: InstructionSet = .scalar, threads: Int = 1) throws -> [Float] {
    let options = ContextOptions(logitRowCapacity: 64, threads: threads, instructionSet: set)
    let context = try Context(plan: plan, options: options)
    try context.run(tokens: Self.prompt, segments: [Segment(slot: 0, count: Self.prompt.count)])
    let rows = try context.logits(rows: Array(Self.prompt.indices))
    return (0..<rows.count).flatMap { Array(rows[$0]) }
  }

  /// The element types of a plan's constants.
  private func elements(_ plan: Plan) -> [PlanFormat.ElementType] {
    (0..<plan.view.constantCount).map { plan.view.constant(ConstantID(UInt32($0))).type }
  }

  @Test(
    "with everything kept, the plan computes what the float plan does, in the width of the checkpoint",
    arguments: models)
  func everything(_ model: String) throws {
    let float = try compiledPlan(Fixtures.model(model), .float32)
    let kept = try compiledPlan(Fixtures.model(model), Self.recipe(.naive, keeping: ["*"]))
    #expect(try logits(kept) == logits(float))
    #expect(elements(kept) == elements(float))
  }

  private static let patterns: [[String]] = [
    ["layers.*"], ["*.in_proj.weight"], ["layers.0.norm", "layers.1.mixer.z.weight", "*.dt_low"],
    ["*.u", "*.x"], ["*.u_scan", "*.y_rotated"],
    ["layers.?.mixer.b*", "*.c", "*.dt", "*.dt_proj.weight"], ["logits.weight"], ["*embedding*.weight"],
  ]

  @Test(
    "with some kept, every instruction set agrees, and the error stays near that without",
    arguments: models, patterns)
  func some(_ model: String, _ patterns: [String]) throws {
    let float = try logits(compiledPlan(Fixtures.model(model), .float32))
    let whole = try logits(compiledPlan(Fixtures.model(model), .quambaChannel))
    let plan = try compiledPlan(Fixtures.model(model), Self.recipe(.quambaChannel, keeping: patterns))
    let kept = try logits(plan)
    for set in InstructionSet.allCases.filter(\.isSupported) {
      #expect(try logits(plan, set, threads: 2) == kept, "\(set)")
    }
    let error = { (values: [Float]) in zip(values, float).reduce(0.0) { $0 + Double(abs($1.0 - $1.1)) } }
    #expect(error(kept) < 1.25 * error(whole))
    #expect(kept != whole)
  }

  @Test("patterns are checked before the calibration")
  func unknownPattern() {
    let failure = #expect(throws: DiagnosticFailure.self) {
      try compiledPlan(
        Fixtures.model("mamba-f32"), Self.recipe(.quamba, keeping: ["layers.9.*", "layers.0.mixer.uu"]))
    }
    #expect(
      failure?.diagnostics.map(\.message) == [
        "'layers.9.*' matches no tensor", "'layers.0.mixer.uu' matches no tensor",
      ])
    #expect(failure?.diagnostics.last?.hint?.contains("layers.0.mixer.u,") == true)
  }
}
