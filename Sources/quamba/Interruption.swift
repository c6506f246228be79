import Glibc
import Synchronization

/// Turns SIGINT and SIGTERM into a flag, so that a command stops at a safe point and leaves nothing half done; a second
/// signal ends the process.
enum Interruption {
  private static let requested = Atomic(false)

  /// Whether a signal has come.
  ///
  /// From when it is first named, a signal does not end the process, so a command names it before it creates a file,
  /// and asks often.
  static let shouldStop: @Sendable () -> Bool = {
    requested.store(false, ordering: .relaxed)
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        Interruption.requested.store(true, ordering: .relaxed)
        signal(number, SIG_DFL)
      }
    }
    return { requested.load(ordering: .relaxed) }
  }()
}
