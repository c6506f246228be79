public import Diagnostics
public import IR

/// The passes in the order in which they run.
public enum Pipeline {
  /// Every pass.
  public static let all: [Pass] = [
    .splitProjections, .foldNormGain, .rotateResidual, .rotateAttentionValues, .rotateScanOutput,
    .smoothActivations, .assignRanges, .quantizeState, .quantizeWeights, .lowerToInt8, .foldConstants,
  ]

  /// The passes that a recipe needs.
  public static func passes(for recipe: Recipe) -> [Pass] { all.filter { $0.isNeeded(recipe) } }

  /// The passes that lead to the float module that calibration runs.
  ///
  /// Its scan outputs are rotated whatever the recipe, so that recipes with and without rotation can share
  /// statistics. Values of attention are not: their rotation is folded into weights, so that it changes ranges.
  public static func calibrationPasses(for recipe: Recipe) -> [Pass] {
    var rotating = recipe
    if rotating.rotation.kind == .none { rotating.rotation.kind = .local }
    return preparingPasses(for: rotating).filter {
      $0.name != Pass.rotateAttentionValues.name || $0.isNeeded(recipe)
    }
  }

  /// The passes of a recipe that lead to the float module that it quantizes.
  static func preparingPasses(for recipe: Recipe) -> [Pass] {
    all.prefix { !$0.needsRanges }.filter { $0.isNeeded(recipe) }
  }

  /// Runs passes one after the other.
  /// - Parameter observe: called with each pass and the module after it.
  /// - Returns: the last module, and all warnings and notes.
  /// - Throws: `DiagnosticFailure` of the first pass that fails.
  public static func run(
    _ passes: [Pass], on module: Module, recipe: Recipe, ranges: RangeTable = RangeTable(),
    observe: (Pass, Module) throws -> Void = { _, _ in }
  ) throws -> (module: Module, findings: [Diagnostic]) {
    try recipe.requireSupport()
    var module = module
    var findings: [Diagnostic] = []
    for pass in passes {
      let (next, found) = try pass.run(module, recipe: recipe, ranges: ranges)
      module = next
      findings += found
      try observe(pass, module)
    }
    return (module, findings)
  }
}
