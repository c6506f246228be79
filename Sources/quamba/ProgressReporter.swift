import ArgumentParser
import CompilerDriver
import Glibc
import JSONText

/// How progress is shown.
enum ProgressMode: String, CaseIterable, ExpressibleByArgument {
  case auto, tty, plain, json, none
}

/// Shows how far a long task has come and how long it will still take, on standard error.
final class ProgressReporter {
  private let mode: ProgressMode
  private let task: String
  private let start = ProgressReporter.now()
  private var lastShown = -Double.infinity

  init(_ mode: ProgressMode, task: String) {
    self.mode = mode == .auto ? (isatty(2) == 1 ? .tty : .plain) : mode
    self.task = task
  }

  /// Shows progress, at most ten times a second on a terminal and once in two seconds elsewhere.
  func show(_ done: Int, _ total: Int) {
    let elapsed = Self.now() - start
    let pause = mode == .tty ? 0.1 : 2.0
    guard done == total || elapsed - lastShown >= pause else { return }
    lastShown = elapsed
    let remaining = done > 0 ? elapsed / Double(done) * Double(total - done) : nil
    switch mode {
    case .none: break
    case .json: Console.error(JSONText.encode(json(done, total, elapsed, remaining), pretty: false))
    case .tty: Console.status("\r\u{1B}[K\(line(done, total, remaining))" + (done == total ? "\n" : ""))
    case .auto, .plain: Console.error(line(done, total, remaining))
    }
  }

  private func line(_ done: Int, _ total: Int, _ remaining: Double?) -> String {
    let percent = total > 0 ? done * 100 / total : 100
    let left = remaining.map { done == total ? "" : ", \(FixedPoint.text($0, digits: 0)) s left" } ?? ""
    return "\(task): \(done) of \(total) (\(percent) %)\(left)"
  }

  private func json(_ done: Int, _ total: Int, _ elapsed: Double, _ remaining: Double?) -> JSONValue {
    .object([
      ("task", .string(task)), ("done", .integer(Int64(done))), ("total", .integer(Int64(total))),
      ("elapsed_seconds", .number(elapsed)), ("remaining_seconds", remaining.map { .number($0) } ?? .null),
    ])
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
