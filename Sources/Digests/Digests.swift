internal import Glibc

/// A file whose digest could not be taken.
public enum DigestError: Error, Equatable, Sendable {
  /// Opening the file failed with an `errno`.
  case cannotOpen(path: String, errno: Int32)
  /// The path names something else than a file, such as a pipe, which could be waited for without end.
  case notAFile(path: String)
  /// Reading the file failed with an `errno`.
  case cannotRead(path: String, errno: Int32)
  /// Whoever asked for the digest wants it no longer.
  case stopped(path: String)
}

extension DigestError: CustomStringConvertible {
  /// One sentence: the file and the system's reason.
  public var description: String {
    switch self {
    case .cannotOpen(let path, let code): "cannot open \(path): \(Self.reason(code))"
    case .notAFile(let path): "\(path) is not a regular file"
    case .cannotRead(let path, let code): "cannot read \(path): \(Self.reason(code))"
    case .stopped(let path): "stopped while \(path) was read"
    }
  }

  private static func reason(_ code: Int32) -> String {
    guard let text = unsafe strerror(code) else { return "errno \(code)" }
    return unsafe String(cString: text)
  }
}

/// SHA-256 of bytes and of files, and BLAKE2b of files.
public enum Digests {
  private static let chunkBytes = 1 << 20

  /// Gives the SHA-256 of a buffer.
  public static func sha256(_ bytes: UnsafeRawBufferPointer) -> SHA256Digest {
    var hasher = SHA256Hasher()
    unsafe hasher.update(bytes)
    return hasher.finalize()
  }

  /// Gives the SHA-256 of an array.
  public static func sha256(_ bytes: [UInt8]) -> SHA256Digest {
    unsafe bytes.withUnsafeBytes { unsafe sha256($0) }
  }

  /// Gives the SHA-256 of a file's content, read in pieces of 1 MiB.
  /// - Parameter shouldStop: asked before each piece.
  /// - Throws: `DigestError` where the file cannot be opened or read, or `shouldStop` says yes.
  public static func sha256(
    fileAt path: String, shouldStop: () -> Bool = { false }
  ) throws(DigestError) -> SHA256Digest {
    var hasher = SHA256Hasher()
    try unsafe readPieces(ofFileAt: path, shouldStop: shouldStop) { unsafe hasher.update($0) }
    return hasher.finalize()
  }

  /// Gives the BLAKE2b digest of a file's content, 64 bytes, read in pieces of 1 MiB.
  /// - Parameter shouldStop: asked before each piece.
  /// - Throws: `DigestError` where the file cannot be opened or read, or `shouldStop` says yes.
  public static func blake2b(
    fileAt path: String, shouldStop: () -> Bool = { false }
  ) throws(DigestError) -> [UInt8] {
    var hasher = BLAKE2bHasher()
    try unsafe readPieces(ofFileAt: path, shouldStop: shouldStop) { unsafe hasher.update($0) }
    return hasher.finalize()
  }

  private static func readPieces(
    ofFileAt path: String, shouldStop: () -> Bool, _ body: (UnsafeRawBufferPointer) -> Void
  ) throws(DigestError) {
    // O_NONBLOCK: opening a pipe must not wait for a writer.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .cannotOpen(path: path, errno: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw .cannotRead(path: path, errno: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(path: path) }
    var chunk = [UInt8](repeating: 0, count: chunkBytes)
    while true {
      if shouldStop() { throw .stopped(path: path) }
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
      if count == 0 { return }
      if count < 0 {
        if errno == EINTR { continue }
        throw .cannotRead(path: path, errno: errno)
      }
      unsafe chunk.withUnsafeBytes { unsafe body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }
  }
}
