public import Diagnostics
import Glibc

/// Reading of whole small files.
public enum InputFile {
  /// The bytes of a file.
  /// - Parameters:
  ///   - limit: largest size accepted, in bytes.
  ///   - code: the finding that a larger file is.
  ///   - allowsPipe: whether a pipe or a device may stand for a file; it is read to its end.
  /// - Throws: `DiagnosticFailure` where the file is missing, unreadable or too large.
  public static func read(
    _ path: String, limit: Int = 512 << 20, tooLarge code: DiagnosticCode = .badJSON,
    allowsPipe: Bool = false
  ) throws(DiagnosticFailure) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | (allowsPipe ? 0 : O_NONBLOCK))
    guard descriptor >= 0 else { throw failure(path, errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure(path, errno) }
    if status.st_mode & S_IFMT == S_IFDIR { throw failure(path, EISDIR) }
    guard allowsPipe || status.st_mode & S_IFMT == S_IFREG else {
      throw DiagnosticFailure(
        .missingFile, "this is not a regular file", at: .file(path), hint: "name a file")
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(min(max(Int(status.st_size), 0), limit))
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
    defer { chunk.deallocate() }
    while true {
      let count = Glibc.read(descriptor, chunk.baseAddress, chunk.count)
      if count == 0 { return bytes }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw failure(path, errno) }
      guard bytes.count + count <= limit else {
        throw DiagnosticFailure(code, "the file is larger than \(limit) bytes", at: .file(path))
      }
      bytes.append(contentsOf: chunk[..<count])
    }
  }

  /// The first bytes of a regular file, fewer where it is shorter; nil where it cannot be read.
  public static func beginning(of path: String, count: Int) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    var bytes = [UInt8](repeating: 0, count: count)
    let length = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, count, 0) }
    return length < 0 ? nil : Array(bytes[..<length])
  }

  /// Whether a path leads to something that exists.
  public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Whether two paths name one file that exists.
  public static func isSame(_ path: String, _ other: String) -> Bool {
    var (first, second) = (stat(), stat())
    return stat(path, &first) == 0 && stat(other, &second) == 0 && first.st_dev == second.st_dev
      && first.st_ino == second.st_ino
  }

  /// Whether a path names a directory.
  public static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  private static func failure(_ path: String, _ code: Int32) -> DiagnosticFailure {
    let kind: DiagnosticCode = code == ENOENT || code == ENOTDIR || code == EISDIR ? .missingFile : .ioFailed
    return DiagnosticFailure(kind, "cannot read the file: \(SystemError.text(code))", at: .file(path))
  }
}

/// Texts of system errors.
public enum SystemError {
  /// The system's sentence for an error number.
  public static func text(_ code: Int32) -> String { String(cString: strerror(code)) }
}
