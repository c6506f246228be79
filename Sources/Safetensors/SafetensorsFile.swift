internal import Files
internal import Glibc

/// A safetensors file, mapped into memory and checked as a whole.
///
/// The mapping is read-only and lasts as long as the object. Another process that cuts the file short
/// meanwhile ends this one; replacing the file by renaming does no harm.
@safe public final class SafetensorsFile: Sendable {
  /// The path that was given.
  public let path: String
  /// The tensors in the order of their bytes.
  public let tensors: [SafetensorsTensor]
  /// The metadata by name.
  public let metadata: [String: String]

  private let file: MappedFile
  private let places: [[UInt8]: Int]

  /// Maps a file and checks its header.
  /// - Throws: `SafetensorsError` where the file cannot be read or is malformed in any way.
  public init(path: String) throws(SafetensorsError) {
    do {
      file = try MappedFile(path)
    } catch {
      switch error {
      case .notReadable(let code): throw .notReadable(errno: code)
      case .notAFile: throw .notAFile
      }
    }
    let header = try unsafe SafetensorsHeader(file: file.bytes)
    self.tensors = header.tensors
    self.metadata = header.metadata
    self.path = path
    // `String` keys would confuse names that are canonically equivalent.
    let names = tensors.enumerated().map { (Array($1.name.utf8), $0) }
    self.places = Dictionary(names) { first, _ in first }
  }

  /// The length of the file in bytes.
  public var byteCount: Int { unsafe file.bytes.count }

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
    try unsafe body(UnsafeRawBufferPointer(rebasing: file.bytes[range(of: tensor)]))
  }

  /// Lets the system drop the pages that hold nothing but this tensor; they are read again when needed.
  public func adviseDontNeed(_ tensor: SafetensorsTensor) {
    let page = sysconf(Int32(_SC_PAGESIZE))
    let range = range(of: tensor)
    let start = (range.lowerBound + page - 1) / page * page
    let end = range.upperBound / page * page
    guard start < end, let base = unsafe file.bytes.baseAddress else { return }
    unsafe madvise(UnsafeMutableRawPointer(mutating: base + start), end - start, MADV_DONTNEED)
  }

  private func range(of tensor: SafetensorsTensor) -> Range<Int> {
    precondition(tensor.byteRange.upperBound <= byteCount, "a tensor of another file")
    return tensor.byteRange
  }
}
