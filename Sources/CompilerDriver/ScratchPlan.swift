import Backend
public import Calibration
import Diagnostics
import Files
import Frontend
import IR
public import Passes
public import PlanRuntime

/// A plan that is compiled to be measured, in a file without a name.
public struct ScratchPlan {
  /// The plan.
  public let plan: Plan
  /// Bytes of the plan's file.
  public let byteCount: Int

  /// Compiles a model by a recipe.
  ///
  /// - Parameters:
  ///   - statistics: of this model; nil where nothing is quantized.
  ///   - shouldStop: asked before every block.
  /// - Throws: `DiagnosticFailure`.
  public init(
    _ model: LoadedModel, recipe: Recipe, statistics: Statistics?, threads: Int,
    shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws {
    let ranges = try statistics.map { try RangeTable($0, recipe: recipe) } ?? RangeTable()
    let module = try Pipeline.run(
      Pipeline.passes(for: recipe), on: model.imported.module, recipe: recipe, ranges: ranges
    ).module
    let scratch = try WritableFile.scratch("plan")
    byteCount = try PlanFile.write(
      try LoweredPlan(lowering: module), tensors: model.imported.checkpoint, into: scratch, threads: threads,
      shouldStop: shouldStop)
    plan = try PlanFile.load(scratch.temporaryPath)
  }
}
