import Glibc
import Synchronization

/// Turns SIGINT and SIGTERM into a flag, so that long tasks stop at a safe point.
enum Interruption {
  private static let requested = Atomic(false)

  /// Starts to listen.
  static func listen() {
    for number in [SIGINT, SIGTERM] {
      signal(number) { _ in Interruption.requested.store(true, ordering: .relaxed) }
    }
  }

  /// Whether a signal has come.
  static var isRequested: Bool { requested.load(ordering: .relaxed) }
}
