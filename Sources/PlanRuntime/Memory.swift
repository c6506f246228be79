internal import Glibc
internal import PlanFormat

/// Memory from `mmap`: zeroed and page-aligned, or a file's bytes; given back when the last reference goes.
final class Memory: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  let count: Int

  private init(base: UnsafeMutableRawPointer, count: Int) {
    self.base = base
    self.count = count
  }

  /// Zeroed memory of at least 64 bytes, or nil when the system gives none.
  convenience init?(zeroed count: Int) {
    let size = max(count, 64)
    let flags = MAP_PRIVATE | Int32(MAP_ANONYMOUS)
    guard let base = mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0), base != MAP_FAILED else {
      return nil
    }
    self.init(base: base, count: size)
  }

  /// Zeroed memory that counts only where it is written, or nil when the system gives none.
  convenience init?(reserved count: Int) {
    let size = max(count, 64)
    let flags = MAP_PRIVATE | Int32(MAP_ANONYMOUS) | Int32(MAP_NORESERVE)
    guard let base = mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0), base != MAP_FAILED else {
      return nil
    }
    self.init(base: base, count: size)
  }

  /// A whole file, read-only.
  convenience init(path: String) throws(PlanLoadError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .open(path: path, errno: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .read(path: path, errno: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(path: path) }
    let size = Int(status.st_size)
    guard size > 0 else { throw .invalid(.truncated(needed: 64, found: 0)) }
    guard let base = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
      throw .read(path: path, errno: errno)
    }
    self.init(base: base, count: size)
  }

  deinit { munmap(base, count) }
}
