import Glibc

/// A process that runs every so many cases of a campaign; it is started again behind a case that killed it.
final class Worker {
  private let campaign: Int
  private let step: Int
  private let slot: Int
  private var next: Int
  private var process: pid_t = 0
  /// What became of the cases so far.
  let counts: Progress
  /// Cases that ended the process.
  private(set) var crashes: [Int] = []

  init(campaign: Int, first: Int, step: Int) {
    (self.campaign, self.step, self.next, self.slot) = (campaign, step, first, first == 0 ? 0 : 1)
    guard let counts = Progress(path: Self.path(parent: getpid(), slot)) else {
      perror("damage")
      exit(74)
    }
    self.counts = counts
    counts.clear()
    counts.index = first
  }

  deinit { unlink(Self.path(parent: getpid(), slot)) }

  /// Where a worker and its parent share counts.
  static func path(parent: pid_t, _ slot: Int) -> String {
    let directory = getenv("TMPDIR").map { String(cString: $0) } ?? P_tmpdir
    return "\(directory)/quamba-damage-\(parent)-\(slot)"
  }

  /// Starts the process at the next case.
  func start() {
    let arguments = ["damage", "--worker", "\(campaign)", "\(next)", "\(step)", "\(slot)"]
    var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    guard posix_spawn(&process, "/proc/self/exe", nil, nil, &pointers, environ) == 0 else {
      perror("damage")
      exit(71)
    }
  }

  /// Waits until all cases are done.
  func finish(count: Int) {
    while true {
      var status: Int32 = 0
      while waitpid(process, &status, 0) < 0 && errno == EINTR {}
      if status == 0 { return }
      crashes.append(counts.index)
      next = counts.index + step
      guard next < count, crashes.count < 100 else { return }
      start()
    }
  }
}
