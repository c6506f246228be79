import Foundation
import Testing

/// Some of the kills and failures that `make crash-test` tries.
@Suite
struct CrashTests {
  private static let script = Fixtures.package + "/Tests/Crash/crash_test.py"

  /// Whether there is a Python, and an strace that may trace.
  private static var isPossible: Bool {
    let trace = "strace -f -qq -o /dev/null -e inject=fsync:error=EIO /bin/true && python3 --version"
    return (try? Outcome(of: "/bin/sh", ["-c", trace]).code) == 0
  }

  @Test(.enabled(if: isPossible, "there is no python3, no strace, or it may not trace"))
  func someFaults() throws {
    let outcome = try Outcome(of: "/usr/bin/env", ["python3", Self.script, Program.quamba.path, "--short"])
    #expect(outcome.code == 0, "\(outcome.output)\(outcome.errors)")
    #expect(
      outcome.output.contains(" faults: ") && outcome.output.contains("; 0 failed"), "\(outcome.output)")
  }
}
