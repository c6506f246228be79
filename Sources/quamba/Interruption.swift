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
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM] {
      sigaddset(&signals, number)
      signal(number) { number in
        Interruption.requested.store(true, ordering: .relaxed)
        signal(number, SIG_DFL)
      }
    }
    // Whoever started this may have blocked them, as threads of a pool do.
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    return { requested.load(ordering: .relaxed) }
  }()
}
