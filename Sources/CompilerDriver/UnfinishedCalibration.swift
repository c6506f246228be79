import Calibration
import Diagnostics
import Files
import Glibc

/// What a calibration that was stopped had seen, kept beside its output, so that the next one goes on from there.
public struct UnfinishedCalibration: Sendable {
  /// The file: the output's name and `.unfinished`.
  public let path: String

  /// The file that belongs to an output.
  public init(output: String) { path = output + ".unfinished" }

  /// What users should know after an interruption.
  var hint: String { "the same command goes on from there; until then \(path) keeps what was seen" }

  /// What was seen before; nil where nothing is kept.
  /// - Parameter passages: numbers of the passages that are asked for.
  /// - Throws: `DiagnosticFailure` where the file is damaged, or belongs to another calibration.
  func read(belongingTo bindings: Bindings, passages: Set<Int>) throws(DiagnosticFailure) -> Statistics? {
    guard InputFile.exists(path) else { return nil }
    let statistics = try Statistics(path: path)
    var differing = statistics.mismatch(with: bindings)
    if !statistics.passages.allSatisfy({ passages.contains($0.index) }) { differing.append("part") }
    guard differing.isEmpty else {
      throw DiagnosticFailure(
        .statisticsMismatch,
        "a calibration with another \(differing.joined(separator: ", another ")) was stopped here",
        at: .file(path), hint: "calibrate as before to go on with it, or remove the file")
    }
    return statistics
  }

  /// Keeps what was seen until now.
  /// - Throws: `DiagnosticFailure`.
  func write(_ statistics: Statistics) throws(DiagnosticFailure) {
    try OutputFile.write(Array(statistics.text.utf8), to: path)
  }

  /// Removes the file once the output is complete, and what a process left that was killed while it wrote it.
  public func remove() {
    unlink(path)
    OutputFile.removeLeftovers(of: path)
  }
}
