import Glibc

/// A whole file, mapped for reading for as long as the object lives.
///
/// Another process that cuts the file short meanwhile ends this one; replacing the file by renaming does no harm.
public final class MappedFile: @unchecked Sendable {  // Nothing is written after `init`.
  /// Why a file could not be mapped.
  public enum Failure: Error, Equatable, Sendable {
    /// It could not be opened, examined or mapped, for the reason of an `errno`.
    case notReadable(errno: Int32)
    /// The path names something else than a file.
    case notAFile
  }

  /// The bytes; an empty file has none.
  public let bytes: UnsafeRawBufferPointer

  /// Maps a file.
  /// - Throws: `Failure`.
  public init(_ path: String) throws(Failure) {
    // O_NONBLOCK: opening a pipe must not wait for a writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .notReadable(errno: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .notReadable(errno: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile }
    guard status.st_size > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    let base = mmap(nil, status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let base, base != MAP_FAILED else { throw .notReadable(errno: errno) }
    bytes = UnsafeRawBufferPointer(start: base, count: status.st_size)
  }

  deinit {
    guard let base = bytes.baseAddress else { return }
    munmap(UnsafeMutableRawPointer(mutating: base), bytes.count)
  }
}
