import Glibc

/// Standard output, written at once; remembers whether it failed.
struct Output {
  private(set) var hasFailed = false

  /// Writes text; false when nobody takes it any more.
  mutating func write(_ text: String) -> Bool {
    hasFailed = hasFailed || !Self.write(text, to: STDOUT_FILENO)
    return !hasFailed
  }

  /// Writes a line to standard error.
  static func report(_ line: String) { _ = write(line + "\n", to: STDERR_FILENO) }

  private static func write(_ text: String, to descriptor: Int32) -> Bool {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written > 0 {
        bytes.removeFirst(written)
      } else if errno != EINTR {
        return false
      }
    }
    return true
  }
}
