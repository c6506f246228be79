public import Calibration
public import Diagnostics
import Passes

extension Statistics {
  /// What users should know before they trust these statistics: passages that are missing, a single passage,
  /// tensors that were never reached or zero throughout.
  public var findings: [Diagnostic] {
    var findings: [Diagnostic] = []
    if !isComplete {
      findings.append(
        Diagnostic(
          .incompleteStatistics, coverage, hint: "merge all parts before they are compiled with",
          severity: .warning))
    }
    return findings + calibrationFindings + taps.compactMap(\.finding)
  }

  /// What `findings` tells of the calibration as a whole, where it is complete.
  var calibrationFindings: [Diagnostic] {
    guard bindings.sampleCount == 1 else { return expertFindings }
    return expertFindings + [
      Diagnostic(
        .badText, "calibrated on a single passage; ranges of other text may be wider",
        hint: "calibrate on more text", severity: .warning)
    ]
  }

  /// Makes sure that every passage is counted.
  /// - Throws: `DiagnosticFailure` (`incomplete-statistics`) naming the passages that are missing.
  func requireComplete(_ path: String) throws(DiagnosticFailure) {
    guard !isComplete else { return }
    throw DiagnosticFailure(
      .incompleteStatistics, coverage, at: .file(path),
      hint: "merge them with the other parts by 'quamba stats merge'")
  }

  /// Makes sure that a plan was compiled with these statistics.
  /// - Parameter digest: what the plan says of its statistics; nil where it was compiled without.
  /// - Throws: `DiagnosticFailure` (`statistics-mismatch`).
  public func requireDigest(_ digest: String?, path: String) throws(DiagnosticFailure) {
    guard digest != self.digest else { return }
    throw DiagnosticFailure(
      .statisticsMismatch,
      digest == nil
        ? "the plan was compiled without statistics" : "the plan was compiled with other statistics",
      at: .file(path), hint: "give the statistics that the plan was compiled with")
  }

  private var coverage: String {
    "\(passages.count) of \(bindings.sampleCount) passages are counted; missing: \(Self.list(missingPassages))"
  }

  /// The first few of a list of ranges, as `0 to 15, 17`.
  private static func list(_ ranges: [Range<Int>]) -> String {
    let shown = ranges.prefix(5).map {
      $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound) to \($0.upperBound - 1)"
    }
    return shown.joined(separator: ", ") + (ranges.count > 5 ? " and others" : "")
  }
}

extension TapStatistics {
  /// A warning where nothing can be told of the tensor's range.
  fileprivate var finding: Diagnostic? {
    guard maximum == 0, count > 0 || ExpertTensor(name) == nil else { return nil }
    return Diagnostic(
      .zeroRange,
      count == 0
        ? "no passage reached the tensor; its scale would be 1"
        : "the tensor was zero throughout calibration; its scale would be 1",
      at: .node(name), hint: "calibrate on more text", severity: .warning)
  }
}
