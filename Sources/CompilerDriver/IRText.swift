public import Diagnostics
import Files
import Frontend
import IR
public import Passes

/// The text form of modules, for people and bug reports.
public enum IRText {
  /// The IR of a model after a pass of a recipe, or as imported.
  /// - Parameter shouldStop: asked while weights are read and while the model is calibrated.
  /// - Throws: `DiagnosticFailure`.
  public static func dump(
    model directory: String, after pass: String?, recipe: Recipe, statistics path: String?, threads: Int,
    progress: CalibrationRun.Progress, shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws -> String {
    let model = try LoadedModel(directory: directory, checksValues: false, shouldStop: shouldStop)
    guard let pass else { return model.imported.module.text }
    _ = try Pipeline.checkPatterns(of: recipe, on: model.imported.module)
    let passes = Pipeline.passes(for: recipe)
    guard let last = passes.firstIndex(where: { $0.name == pass }) else {
      throw DiagnosticFailure(
        .badOption, "recipe \(recipe.name) has no pass '\(pass)'", at: .option("--after"),
        hint: "its passes: \(passes.map(\.name).joined(separator: ", "))")
    }
    var ranges = RangeTable()
    if passes[...last].contains(where: { $0.name == Pass.assignRanges.name }) {
      let calibration = try CalibrationRun(model, recipe: recipe)
      let statistics =
        try path.map { try calibration.readStatistics($0) }
        ?? calibration.run(
          text: nil, size: CalibrationText.Size(), threads: threads, progress: progress,
          shouldStop: shouldStop
        )
      ranges = try RangeTable(statistics, recipe: recipe)
    }
    let (module, _) = try Pipeline.run(
      Array(passes[...last]), on: model.imported.module, recipe: recipe, ranges: ranges)
    return module.text
  }

  /// The lines in which two IR texts differ, `-` before those of the first and `+` before those of the second.
  /// - Throws: `DiagnosticFailure` where one is not an IR text.
  public static func difference(_ first: String, _ second: String) throws(DiagnosticFailure) -> [String] {
    LineDifference(from: try lines(first), to: try lines(second)).changes
  }

  private static func lines(_ path: String) throws(DiagnosticFailure) -> [Substring] {
    guard let text = String(validating: try InputFile.read(path, tooLarge: .badIRText), as: UTF8.self) else {
      throw DiagnosticFailure(.badIRText, "the text is not valid UTF-8", at: .file(path))
    }
    do {
      return try Module(parsing: text).text.split(separator: "\n")
    } catch {
      throw DiagnosticFailure(error.diagnostics.map { $0.naming(path) })
    }
  }
}

extension Diagnostic {
  /// The finding with the file before its line and column.
  fileprivate func naming(_ path: String) -> Diagnostic {
    var finding = self
    finding.location = .file(location == .nowhere ? path : "\(path): \(location)")
    return finding
  }
}
