import Glibc

/// Counts of a worker in memory that its parent sees too, so that a crash loses nothing.
struct Progress {
  private static let words = 4
  private let memory: UnsafeMutablePointer<Int>

  /// Maps a file of counts; it begins at zero.
  init?(path: String) {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    let bytes = Self.words * MemoryLayout<Int>.stride
    guard ftruncate(descriptor, off_t(bytes)) == 0,
      let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), memory != MAP_FAILED
    else { return nil }
    self.memory = memory.bindMemory(to: Int.self, capacity: Self.words)
  }

  /// The case that runs, or ran last.
  var index: Int {
    get { memory[3] }
    nonmutating set { memory[3] = newValue }
  }

  /// How many cases came out so.
  subscript(verdict: Verdict) -> Int {
    get { memory[verdict.rawValue] }
    nonmutating set { memory[verdict.rawValue] = newValue }
  }

  /// Starts anew.
  func clear() { for place in 0..<Self.words { memory[place] = 0 } }
}
