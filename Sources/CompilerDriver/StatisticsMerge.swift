public import Calibration
public import Diagnostics

/// Merging of statistics files.
public enum StatisticsMerge {
  /// The statistics of all parts of one calibration, whatever their order.
  ///
  /// - Parameter paths: `.qstats` files, at least one.
  /// - Throws: `DiagnosticFailure` naming every file that cannot be read, or does not fit those before it.
  public static func run(_ paths: [String]) throws(DiagnosticFailure) -> Statistics {
    var findings: [Diagnostic] = []
    var whole: Statistics?
    for path in paths {
      do throws(DiagnosticFailure) {
        let part = try Statistics(path: path)
        whole = try whole.map { (sum) throws(DiagnosticFailure) in try merge(sum, part, path) } ?? part
      } catch {
        findings += error.diagnostics
      }
    }
    guard findings.isEmpty, let whole else {
      throw findings.isEmpty
        ? DiagnosticFailure(.badOption, "there are no statistics to merge") : DiagnosticFailure(findings)
    }
    return whole
  }

  private static func merge(
    _ sum: Statistics, _ part: Statistics, _ path: String
  ) throws(DiagnosticFailure) -> Statistics {
    do {
      return try sum.merging(part)
    } catch {
      throw DiagnosticFailure(
        .statisticsMismatch, "\(error)", at: .file(path),
        hint: "merge parts of one calibration: the same model, text, --samples and --seq-len, each part once")
    }
  }
}
