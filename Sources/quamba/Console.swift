import Diagnostics
import Glibc
import JSONText

/// Standard output and standard error.
enum Console {
  /// Writes a line of results.
  static func print(_ text: String) { write(text + "\n", to: 1) }

  /// Writes a JSON document of results.
  static func print(_ json: JSONValue, pretty: Bool = true) { print(JSONText.encode(json, pretty: pretty)) }

  /// Writes results without a line end.
  static func stream(_ text: String) { write(text, to: 1) }

  /// Writes a line of messages.
  static func error(_ text: String) { write(text + "\n", to: 2) }

  /// Writes messages without a line end.
  static func status(_ text: String) { write(text, to: 2) }

  /// Findings of a failure that are written in full; of more, the number is told.
  private static let mostFindings = 200

  /// Writes the findings of a failure.
  static func report(_ failure: DiagnosticFailure) {
    report(Array(failure.diagnostics.prefix(mostFindings)))
    let rest = failure.diagnostics.count - mostFindings
    if rest > 0 { error("… and \(rest) more") }
  }

  /// Writes warnings and notes.
  static func report(_ findings: [Diagnostic]) {
    for finding in findings { error("\(finding)") }
  }

  private static func write(_ text: String, to descriptor: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return fail(descriptor) }
      bytes = bytes.dropFirst(count)
    }
  }

  /// Results that cannot be written end the process; messages are dropped.
  private static func fail(_ descriptor: Int32) {
    guard descriptor == 1 else { return }
    let reason = String(cString: strerror(errno))
    error("\(Diagnostic(.ioFailed, "cannot write to standard output: \(reason)"))")
    exitProcess(.inputOutput)
  }
}

/// Ends the process.
func exitProcess(_ status: ExitStatus) -> Never { exit(status.rawValue) }
