import Glibc
import PlanRuntime

/// Proves that running a plan allocates nothing once everything has run before, and verifying one next to nothing.
@main
struct CountAllocations {
  static func main() {
    guard let path = CommandLine.arguments.dropFirst().first, CommandLine.arguments.count == 2 else {
      fail("usage: count-allocations PLAN", code: 64)
    }
    do {
      let plan = try Plan(path: path)
      let counts = try Workload(plan).counts()
      let members = counts.map { "\"\($0.name)\": \($0.allocations)" }.joined(separator: ", ")
      print("{\"steps\": \(Workload.steps), \(members)}")
    } catch {
      fail("count-allocations: \(error)", code: 1)
    }
  }

  private static func fail(_ message: String, code: Int32) -> Never {
    let line = message + "\n"
    write(STDERR_FILENO, line, line.utf8.count)
    exit(code)
  }
}
