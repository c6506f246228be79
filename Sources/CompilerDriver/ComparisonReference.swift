public import Diagnostics
import Files
import Passes
public import PlanRuntime

/// The float plan that a quantized plan is compared with.
public struct ComparisonReference: Sendable {
  /// The plan.
  public let plan: Plan
  /// Warnings and notes of reading a model directory.
  public let findings: [Diagnostic]

  /// Opens a float plan, or makes one from a model directory.
  ///
  /// From a directory it is made of the module that calibration runs, rotated as the plan's recipe says, so that every
  /// tensor is in the basis in which the plan has it.
  /// - Parameter shouldStop: asked meanwhile; that fails as interrupted where it says yes.
  /// - Throws: `DiagnosticFailure` where the directory is not that of the model that the plan was made from.
  public init(
    _ path: String, for plan: Plan, threads: Int, shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws {
    guard InputFile.isDirectory(path) else {
      self.plan = try PlanFile.load(path)
      findings = []
      return
    }
    let model = try LoadedModel(directory: path, checksValues: true, shouldStop: shouldStop)
    let recipe = try Self.recipe(of: plan)
    let calibration = try CalibrationRun(model, recipe: recipe)
    guard try model.digest() == plan.metadata("digest.model") else {
      throw DiagnosticFailure(
        .badOption, "the plan was compiled from another model", at: .file(path),
        hint: "give the model directory that the plan was made from")
    }
    self.plan = try calibration.floatPlan(threads: threads)
    findings = model.findings
  }

  /// The recipe that a plan was compiled by.
  private static func recipe(of plan: Plan) throws(DiagnosticFailure) -> Recipe {
    guard let text = plan.metadata("recipe") else {
      throw DiagnosticFailure(
        .badPlan, "the plan does not say by which recipe it was compiled", hint: "compile again")
    }
    return try RecipeReader.read(Array(text.utf8), file: "the plan's recipe")
  }
}
