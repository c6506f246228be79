import Glibc
import Synchronization

/// Turns SIGINT and SIGTERM into a flag, so that long tasks stop at a safe point; a second one ends the process.
enum Interruption {
  private static let requested = Atomic(false)

  /// Starts to listen.
  static func listen() {
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        Interruption.requested.store(true, ordering: .relaxed)
        signal(number, SIG_DFL)
      }
    }
  }

  /// Whether a signal has come.
  static var isRequested: Bool { requested.load(ordering: .relaxed) }
}
