public import Diagnostics
import Glibc

/// A file that is written at given offsets, by several threads at once, and removed when it is no longer needed.
public class WritableFile: @unchecked Sendable {  // Nothing but the file itself changes after `init`.
  /// Where the bytes lie while the file is being written.
  public let temporaryPath: String
  /// What messages call the file.
  public let name: String
  /// The open file, for code that writes by descriptor.
  public let descriptor: Int32
  /// Whether `temporaryPath` is still to be removed.
  var isTemporary = true

  /// Creates a file that no other process has, and locks it, so that others can tell it from a leftover.
  /// - Parameter isSecret: whether its owner alone may read it, from the first moment.
  init(temporaryPath: String, name: String, isSecret: Bool) throws(DiagnosticFailure) {
    self.temporaryPath = temporaryPath
    self.name = name
    descriptor = try Self.create(temporaryPath, name: name, mode: isSecret ? 0o600 : 0o666)
  }

  /// A file without a name; it is read through the descriptor's entry in `/proc`.
  ///
  /// File systems that cannot make such files get one that loses its name at once.
  private init(unnamedIn directory: String, orUnlinked path: String) throws(DiagnosticFailure) {
    let unnamed = open(directory, Self.unnamedFlag | O_RDWR | O_CLOEXEC, 0o600)
    if unnamed >= 0 {
      descriptor = unnamed
    } else {
      descriptor = try Self.create(path, name: path, mode: 0o600)
      unlink(path)
    }
    temporaryPath = "/proc/self/fd/\(descriptor)"
    name = path
    isTemporary = false
  }

  deinit {
    if isTemporary { unlink(temporaryPath) }
    close(descriptor)
  }

  /// Linux's `O_TMPFILE`, which Swift cannot import.
  private static let unnamedFlag = 0o20_000_000 | O_DIRECTORY

  /// Creates a scratch file in the system's directory for temporary files; it is gone when the process is.
  /// - Throws: `DiagnosticFailure` (`cannot-write`).
  public static func scratch(_ purpose: String) throws(DiagnosticFailure) -> WritableFile {
    let directory = getenv("TMPDIR").map { String(cString: $0) } ?? P_tmpdir
    return try WritableFile(
      unnamedIn: directory, orUnlinked: "\(directory)/quamba-\(purpose).\(randomWord).partial")
  }

  /// Sixteen digits that no other process has.
  static var randomWord: String {
    let digits = String(UInt64.random(in: .min ... .max), radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  private static func create(
    _ path: String, name: String, mode: mode_t
  ) throws(DiagnosticFailure) -> Int32 {
    while true {
      let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode)
      guard descriptor >= 0 else {
        throw DiagnosticFailure(
          .cannotWrite, "cannot create the file: \(SystemError.text(errno))", at: .file(name),
          hint: "the directory must exist and be writable")
      }
      // Until it is locked, another process may take it for a leftover and remove it.
      flock(descriptor, LOCK_EX)
      if InputFile.exists(path) { return descriptor }
      close(descriptor)
    }
  }

  /// Writes bytes at an offset; threads may write different parts at once.
  /// - Throws: `DiagnosticFailure` (`io-failed`, or `cannot-write` where the disk is full).
  public func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(DiagnosticFailure) {
    var done = 0
    while done < bytes.count {
      let count = pwrite(
        descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw failure("write", errno) }
      done += count
    }
    didWrite(offset..<(offset + bytes.count))
  }

  /// Told of every range that was written.
  func didWrite(_ range: Range<Int>) {}

  /// Writes an array of bytes at an offset.
  /// - Throws: as the other form.
  public func write(_ bytes: [UInt8], at offset: Int = 0) throws(DiagnosticFailure) {
    try bytes.withUnsafeBufferPointer { (buffer) throws(DiagnosticFailure) in
      try write(UnsafeRawBufferPointer(buffer), at: offset)
    }
  }

  /// Sets the length; bytes not written yet read as zero.
  /// - Throws: `DiagnosticFailure`.
  public func resize(_ length: Int) throws(DiagnosticFailure) {
    guard ftruncate(descriptor, off_t(length)) == 0 else { throw failure("resize", errno) }
  }

  /// The finding that an action on the file failed with a system error.
  public func failure(_ action: String, _ code: Int32) -> DiagnosticFailure {
    DiagnosticFailure(
      [ENOSPC, EDQUOT, EFBIG].contains(code) ? .cannotWrite : .ioFailed,
      "cannot \(action) the file: \(SystemError.text(code))", at: .file(name),
      hint: code == ENOSPC
        ? "free some space or name another disk" : code == EFBIG ? "allow larger files: see 'ulimit -f'" : nil
    )
  }
}

extension WritableFile {
  /// Reads back `count` bytes from an offset, in blocks.
  /// - Throws: `DiagnosticFailure` (`io-failed`), or what `body` throws.
  public func read(
    from offset: Int, count: Int, _ body: (UnsafeRawBufferPointer) throws(DiagnosticFailure) -> Void
  ) throws(DiagnosticFailure) {
    let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { block.deallocate() }
    var done = 0
    while done < count {
      let length = pread(descriptor, block.baseAddress, min(block.count, count - done), off_t(offset + done))
      if length < 0 && errno == EINTR { continue }
      guard length > 0 else { throw failure("read back", length < 0 ? errno : EIO) }
      try body(UnsafeRawBufferPointer(rebasing: block[..<length]))
      done += length
    }
  }
}
