internal import Glibc

/// A safetensors file, mapped into memory and checked as a whole.
///
/// The mapping is read-only and lasts as long as the object. Another process that cuts the file short
/// meanwhile ends this one; replacing the file by renaming does no harm.
@safe public final class SafetensorsFile: @unchecked Sendable {  // Nothing is written after `init`.
  /// The path that was given.
  public let path: String
  /// The tensors in the order of their bytes.
  public let tensors: [SafetensorsTensor]
  /// The metadata by name.
  public let metadata: [String: String]

  private let bytes: UnsafeRawBufferPointer
  private let places: [[UInt8]: Int]

  /// Maps a file and checks its header.
  /// - Throws: `SafetensorsError` where the file cannot be read or is malformed in any way.
  public init(path: String) throws(SafetensorsError) {
    let bytes = try unsafe mapFile(path)
    do {
      let header = try unsafe SafetensorsHeader(file: bytes)
      self.tensors = header.tensors
      self.metadata = header.metadata
    } catch {
      unsafe unmap(bytes)
      throw error
    }
    self.path = path
    unsafe self.bytes = unsafe bytes
    // `String` keys would confuse names that are canonically equivalent.
    let names = tensors.enumerated().map { (Array($1.name.utf8), $0) }
    self.places = Dictionary(names) { first, _ in first }
  }

  deinit {
    unsafe unmap(bytes)
  }

  /// The length of the file in bytes.
  public var byteCount: Int { unsafe bytes.count }

  /// The tensor of that name, nil where there is none.
  public subscript(name: String) -> SafetensorsTensor? {
    places[Array(name.utf8)].map { tensors[$0] }
  }

  /// Lends the bytes of one of this file's tensors.
  ///
  /// They may have any alignment, and live no longer than the call.
  public func withBytes<R, E>(
    of tensor: SafetensorsTensor, _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    try unsafe body(UnsafeRawBufferPointer(rebasing: bytes[range(of: tensor)]))
  }

  /// Lets the system drop the pages that hold nothing but this tensor; they are read again when needed.
  public func adviseDontNeed(_ tensor: SafetensorsTensor) {
    let page = sysconf(Int32(_SC_PAGESIZE))
    let range = range(of: tensor)
    let start = (range.lowerBound + page - 1) / page * page
    let end = range.upperBound / page * page
    guard start < end, let base = unsafe bytes.baseAddress else { return }
    unsafe madvise(UnsafeMutableRawPointer(mutating: base + start), end - start, MADV_DONTNEED)
  }

  private func range(of tensor: SafetensorsTensor) -> Range<Int> {
    precondition(tensor.byteRange.upperBound <= byteCount, "a tensor of another file")
    return tensor.byteRange
  }
}

/// Maps a whole file for reading; an empty file gives an empty buffer.
private func mapFile(_ path: String) throws(SafetensorsError) -> UnsafeRawBufferPointer {
  // O_NONBLOCK: opening a pipe must not wait for a writer.
  let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
  guard descriptor >= 0 else { throw .notReadable(errno: errno) }
  defer { close(descriptor) }
  var status = stat()
  guard unsafe fstat(descriptor, &status) == 0 else { throw .notReadable(errno: errno) }
  guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile }
  guard status.st_size > 0 else { return unsafe UnsafeRawBufferPointer(start: nil, count: 0) }
  let base = unsafe mmap(nil, status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0)
  guard unsafe base != MAP_FAILED else { throw .notReadable(errno: errno) }
  return unsafe UnsafeRawBufferPointer(start: base, count: status.st_size)
}

private func unmap(_ bytes: UnsafeRawBufferPointer) {
  guard let base = bytes.baseAddress else { return }
  unsafe munmap(UnsafeMutableRawPointer(mutating: base), bytes.count)
}
