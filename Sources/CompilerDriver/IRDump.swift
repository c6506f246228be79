import Diagnostics
import Files
import IR

/// Writes the IR after every pass into numbered files.
struct IRDump {
  private let directory: String
  private let number = Counter()

  init(directory: String) throws(DiagnosticFailure) {
    try OutputDirectory.create(directory)
    self.directory = directory
  }

  func write(_ module: Module, after pass: String) throws(DiagnosticFailure) {
    let digits = String(number.next())
    let padded = String(repeating: "0", count: max(0, 2 - digits.count)) + digits
    try OutputFile.write(Array(module.text.utf8), to: "\(directory)/\(padded)-\(pass).ir")
  }

  private final class Counter {
    private var value = -1
    func next() -> Int {
      value += 1
      return value
    }
  }
}
