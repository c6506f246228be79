import Diagnostics
import Files
import Glibc

/// Lines of standard input, byte for byte; `readLine` would replace what is not UTF-8.
struct StandardInput {
  /// What was read and not yet given.
  private var rest: ArraySlice<UInt8> = []

  /// The next line without its newline; nil at the end.
  /// - Throws: `DiagnosticFailure` (`io-failed`).
  mutating func line() throws(DiagnosticFailure) -> [UInt8]? {
    var line: [UInt8] = []
    while true {
      if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
        line += rest[..<end]
        rest = rest[(end + 1)...]
        return line
      }
      line += rest
      rest = try Self.read()[...]
      if rest.isEmpty { return line.isEmpty ? nil : line }
    }
  }

  /// What is there to read, up to 64 KiB; empty at the end.
  private static func read() throws(DiagnosticFailure) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = bytes.withUnsafeMutableBytes { Glibc.read(0, $0.baseAddress, $0.count) }
      if count >= 0 { return Array(bytes[..<count]) }
      guard errno == EINTR else {
        throw DiagnosticFailure(.ioFailed, "cannot read standard input: \(SystemError.text(errno))")
      }
    }
  }
}
