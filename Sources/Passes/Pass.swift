public import Diagnostics
public import IR

/// A named rewrite of a module.
public struct Pass: Sendable {
  /// How the module after a pass relates to the module before it.
  public enum Promise: Equatable, Sendable {
    /// The same values.
    case exact
    /// Logits differ by at most this part of their largest magnitude.
    case equivalent(Float)
    /// Precision is given up.
    case lossy
  }

  /// Kebab-case name; the file that holds the pass has the same name.
  public let name: String
  /// What it does, in one sentence.
  public let summary: String
  /// Stages that it accepts.
  public let requires: ClosedRange<Stage>
  /// The stage that it leaves the module in; nil leaves it as it is.
  public let produces: Stage?
  /// How the module after it relates to the module before it.
  public let promise: Promise
  /// Whether it needs the ranges seen in calibration.
  public let needsRanges: Bool
  /// Whether a recipe asks for it.
  public let isNeeded: @Sendable (Recipe) -> Bool
  let rewrite: @Sendable (inout Rewriter) throws -> Void

  init(
    name: String, summary: String, requires: ClosedRange<Stage>, produces: Stage?, promise: Promise,
    needsRanges: Bool = false,
    isNeeded: @escaping @Sendable (Recipe) -> Bool = { _ in true },
    rewrite: @escaping @Sendable (inout Rewriter) throws -> Void
  ) {
    self.name = name
    self.summary = summary
    self.requires = requires
    self.produces = produces
    self.promise = promise
    self.needsRanges = needsRanges
    self.isNeeded = isNeeded
    self.rewrite = rewrite
  }

  /// Applies the pass and verifies what it made.
  /// - Returns: the new module, and warnings and notes.
  /// - Throws: `DiagnosticFailure`.
  public func run(
    _ module: Module, recipe: Recipe, ranges: RangeTable = RangeTable()
  ) throws(DiagnosticFailure) -> (module: Module, findings: [Diagnostic]) {
    guard requires.contains(module.stage) else {
      throw DiagnosticFailure(.badIR, "pass \(name) cannot run on a module in stage \(module.stage.rawValue)")
    }
    var rewriter = Rewriter(module, pass: name, recipe: recipe, ranges: ranges)
    do {
      try rewrite(&rewriter)
    } catch let failure as DiagnosticFailure {
      throw failure
    } catch {
      throw DiagnosticFailure(.badIR, "pass \(name) failed: \(error)")
    }
    if rewriter.findings.contains(where: { $0.severity == .error }) {
      throw DiagnosticFailure(rewriter.findings)
    }
    let result = rewriter.finish(stage: produces ?? module.stage)
    try Verifier.verify(result)
    return (result, rewriter.findings)
  }
}
