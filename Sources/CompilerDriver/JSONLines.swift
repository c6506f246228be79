import Diagnostics
import JSONText

/// Files of which each line is a JSON document.
enum JSONLines {
  /// Reads every line that is not blank.
  ///
  /// - Parameters:
  ///   - hint: what a line should be.
  ///   - read: makes something of a line.
  /// - Throws: `DiagnosticFailure` with every line that cannot be used.
  static func read<Result>(
    _ bytes: [UInt8], _ path: String, hint: String, _ read: (JSONCursor) throws(JSONError) -> Result
  ) throws(DiagnosticFailure) -> [Result] {
    var results: [Result] = []
    var findings: [Diagnostic] = []
    for (number, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .enumerated()
    where !line.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) {
      do throws(JSONError) {
        results.append(try read(JSONCursor(try JSONText.parse(Array(line)))))
      } catch {
        findings.append(
          Diagnostic(
            .badText, "line \(number + 1): \(error.message)", at: .json(file: path, path: error.path),
            hint: hint))
      }
    }
    if results.isEmpty, findings.isEmpty {
      findings.append(Diagnostic(.badText, "the file has no documents", at: .file(path), hint: hint))
    }
    if !findings.isEmpty { throw DiagnosticFailure(findings) }
    return results
  }
}
