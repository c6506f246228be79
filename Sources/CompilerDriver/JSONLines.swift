import Diagnostics
import JSONText

/// Files of which each line is a JSON document.
enum JSONLines {
  /// Lines that cannot be used, after which no more are read.
  private static let mostFindings = 200

  /// Reads every line that is not blank.
  ///
  /// - Parameters:
  ///   - hint: what a line should be.
  ///   - read: makes something of a line.
  /// - Throws: `DiagnosticFailure` with the lines that cannot be used, the first 200 of them.
  static func read<Result>(
    _ bytes: [UInt8], _ path: String, hint: String, _ read: (JSONCursor) throws(JSONError) -> Result
  ) throws(DiagnosticFailure) -> [Result] {
    var results: [Result] = []
    var findings: [Diagnostic] = []
    var (rest, number) = (bytes[...], 0)
    while !rest.isEmpty, findings.count < mostFindings {
      let line = rest.prefix { $0 != UInt8(ascii: "\n") }
      rest = rest.dropFirst(line.count + 1)
      number += 1
      if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { continue }
      do throws(JSONError) {
        results.append(try read(JSONCursor(try JSONText.parse(Array(line)))))
      } catch {
        findings.append(
          Diagnostic(
            .badText, "line \(number): \(error.message)", at: .json(file: path, path: error.path), hint: hint)
        )
      }
    }
    if results.isEmpty, findings.isEmpty {
      findings.append(Diagnostic(.badText, "the file has no documents", at: .file(path), hint: hint))
    }
    if !findings.isEmpty { throw DiagnosticFailure(findings) }
    return results
  }
}
