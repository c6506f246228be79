public import Calibration
public import CompilerDriver
public import Diagnostics
public import Evaluation
import Frontend
public import Passes
import PlanRuntime

/// Measures the sensitivity of a model: two plans for each group of tensors, against the float model.
public struct SensitivityRun {
  private let model: LoadedModel
  private let recipe: Recipe
  private let statistics: Statistics
  private let windows: TextWindows
  private let threads: Int
  private let reference: Plan
  /// Warnings about the recipe.
  public let findings: [Diagnostic]

  /// Prepares a run.
  ///
  /// - Parameters:
  ///   - recipe: what is quantized, and how; weights are rounded to nearest and biases left as they are.
  ///   - windows: the text.
  /// - Throws: `DiagnosticFailure`.
  public init(
    _ model: LoadedModel, recipe: Recipe, statistics: Statistics, windows: TextWindows, threads: Int
  ) throws {
    let recipe = recipe.asMeasured
    self.model = model
    self.recipe = recipe
    self.statistics = statistics
    self.windows = windows
    self.threads = threads
    findings = try Pipeline.checkPatterns(of: recipe, on: model.imported.module)
    reference = try ScratchPlan(model, recipe: .float32, statistics: nil, threads: threads).plan
  }

  /// Measures every group.
  ///
  /// - Parameters:
  ///   - progress: told how many plans are scored, of how many.
  ///   - shouldStop: asked before each window and while plans are written.
  /// - Throws: `DiagnosticFailure`, `interrupted` where it was stopped.
  public func run(
    progress: (_ done: Int, _ total: Int) -> Void, shouldStop: @escaping @Sendable () -> Bool
  ) throws -> Sensitivity {
    let groups = try Pipeline.groups(of: recipe, on: model.imported.module)
    let narrow = try Pipeline.fourBitWeights(of: recipe, on: model.imported.module)
    let total = 1 + 2 * groups.count + (narrow.isEmpty ? 0 : 1 + narrow.count)
    progress(0, total)
    let (whole, bytes) = try measure(recipe, shouldStop)
    progress(1, total)
    var measured: [Sensitivity.Group] = []
    for (index, group) in groups.enumerated() {
      let only = try measure(group.only(in: recipe), shouldStop).score
      progress(2 + 2 * index, total)
      let (without, size) = try measure(group.without(in: recipe), shouldStop)
      progress(3 + 2 * index, total)
      measured.append(
        Sensitivity.Group(
          group: group, onlyQuantized: only.divergence, onlyFloat: without.divergence,
          gain: whole.divergenceDifference(from: without), bytes: size - bytes))
    }
    let costs =
      narrow.isEmpty
      ? nil
      : try costs(
        of: narrow, progress: { done in progress(total - narrow.count - 1 + done, total) }, shouldStop)
    return Sensitivity(
      whole: whole.divergence, tokens: windows.tokensScored, windows: windows.count,
      windowLength: windows.length, byteCount: bytes, groups: measured, fourBits: costs)
  }

  /// Measures what four bits in place of eight cost each weight that the recipe gives four.
  ///
  /// - Parameters:
  ///   - progress: told how many plans are scored, of how many.
  ///   - shouldStop: as of `run`.
  /// - Throws: `DiagnosticFailure`, `interrupted` where it was stopped.
  public func fourBitCosts(
    progress: (_ done: Int, _ total: Int) -> Void, shouldStop: @escaping @Sendable () -> Bool
  ) throws -> FourBitCosts {
    let narrow = try Pipeline.fourBitWeights(of: recipe, on: model.imported.module)
    progress(0, 1 + narrow.count)
    return try costs(of: narrow, progress: { progress($0, 1 + narrow.count) }, shouldStop)
  }

  private func costs(
    of weights: [FourBitWeight], progress: (_ done: Int) -> Void, _ shouldStop: @escaping @Sendable () -> Bool
  ) throws -> FourBitCosts {
    let wide = recipe.giving(bits: 8, to: weights.map(\.pattern))
    let (without, bytes) = try measure(wide, shouldStop)
    progress(1)
    var measured: [FourBitCosts.Weight] = []
    for weight in weights {
      let (score, size) = try measure(wide.giving(bits: 4, to: [weight.pattern]), shouldStop)
      measured.append(
        FourBitCosts.Weight(
          pattern: weight.pattern, divergence: score.divergence,
          cost: score.divergenceDifference(from: without), bytes: bytes - size))
      progress(1 + measured.count)
    }
    return FourBitCosts(without: without.divergence, weights: measured)
  }

  /// How far a recipe is from the float model, and how large its plan is.
  private func measure(
    _ recipe: Recipe, _ shouldStop: @escaping @Sendable () -> Bool
  ) throws -> (score: PairedScore, bytes: Int) {
    let scratch = try ScratchPlan(
      model, recipe: recipe, statistics: statistics, threads: threads, shouldStop: shouldStop)
    let score: TextScore
    do throws(EvaluationError) {
      score = try TextScorer.score(
        scratch.plan, on: windows, baseline: reference, threads: threads, shouldStop: shouldStop)
    } catch .stopped {
      throw DiagnosticFailure(.interrupted, "the analysis was stopped")
    } catch {
      throw DiagnosticFailure(.badText, "\(error)")
    }
    guard let paired = score.paired else {
      throw DiagnosticFailure(.internalFault, "a score has no comparison with the float model")
    }
    return (paired, scratch.byteCount)
  }
}

extension Recipe {
  /// The recipe without what an analysis passes over.
  var asMeasured: Recipe {
    var recipe = self
    recipe.weights.rounding = .nearest
    recipe.correctsBias = false
    return recipe
  }
}
