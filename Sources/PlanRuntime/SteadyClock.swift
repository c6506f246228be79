internal import Glibc

/// The time that runs steadily.
package enum SteadyClock {
  /// Nanoseconds since some fixed moment.
  package static var nanoseconds: Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int(time.tv_sec) * 1_000_000_000 + Int(time.tv_nsec)
  }
}
