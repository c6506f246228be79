internal import Glibc

/// The time that runs steadily.
enum Clock {
  /// Seconds since some fixed moment.
  static var seconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
