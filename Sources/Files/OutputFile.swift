import CWriteback
public import Diagnostics
import Glibc

/// A file that appears under its name only when it is complete: temporary file, write, fsync, rename, fsync
/// of the directory.
///
/// Until `publish` the target is untouched; a file that is never published leaves nothing behind.
public final class OutputFile: WritableFile, @unchecked Sendable {
  private let target: String
  private let replaces: Bool
  private let shouldStop: @Sendable () -> Bool
  /// The target's directory, open so that its flush cannot fail for want of rights once the file is there.
  private var directory: Int32 = -1

  /// Creates the temporary file beside the target.
  ///
  /// A symbolic link is followed, even to a file that does not exist yet, so that it goes on pointing.
  /// - Parameters:
  ///   - isSecret: whether its owner alone may read the file, from the first moment.
  ///   - replaces: whether the file takes the place of one that exists; otherwise nothing may be there, not even a
  ///     symbolic link.
  ///   - shouldStop: asked before the file appears.
  /// - Throws: `DiagnosticFailure` (`cannot-write`) where the directory is missing, not readable or not writable,
  ///   or the target is something that is not replaced.
  public init(
    _ path: String, isSecret: Bool = false, replaces: Bool = true,
    shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws(DiagnosticFailure) {
    let target = replaces ? try Self.resolved(path) : path
    (self.target, self.replaces, self.shouldStop) = (target, replaces, shouldStop)
    var status = stat()
    if lstat(target, &status) == 0 {
      guard replaces else { throw Self.existing(path) }
      guard status.st_mode & S_IFMT == S_IFREG else {
        throw DiagnosticFailure(
          .cannotWrite, "the output exists and is not a regular file", at: .file(path),
          hint: "name another file")
      }
    }
    let (directory, name) = Self.parts(of: target)
    guard !name.isEmpty else {
      throw DiagnosticFailure(
        .cannotWrite, "the output '\(path)' names no file", hint: "name a file inside a directory that exists"
      )
    }
    Self.removeLeftovers(of: target)
    try super.init(
      temporaryPath: "\(directory).\(name).\(Self.randomWord).partial", name: path, isSecret: isSecret)
    self.directory = open(directory.isEmpty ? "." : directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard self.directory >= 0 else {
      throw DiagnosticFailure(
        .cannotWrite, "cannot open the directory of the file: \(SystemError.text(errno))", at: .file(path),
        hint: "the directory must be readable, so that the file can be made to last")
    }
  }

  deinit { if directory >= 0 { close(directory) } }

  /// Lets the disk begin at once, so that `publish` does not wait for all of a large file.
  override func didWrite(_ range: Range<Int>) {
    guard range.count >= 1 << 16 else { return }
    cwriteback_start(descriptor, Int64(range.lowerBound), Int64(range.count))
  }

  /// Makes the file durable and lets it appear under its name.
  /// - Throws: `DiagnosticFailure`, `interrupted` where it was to stop; the target is then as it was before, unless
  ///   only the directory's flush failed.
  public func publish() throws(DiagnosticFailure) {
    guard fsync(descriptor) == 0 else { throw failure("flush", errno) }
    guard isNamed(temporaryPath) else { throw failure("find", ENOENT) }
    if shouldStop() {
      throw DiagnosticFailure(.interrupted, "stopped; the output is as it was", at: .file(name))
    }
    try appear()
    guard fsync(directory) == 0 else { throw failure("flush the directory of", errno) }
  }

  private func appear() throws(DiagnosticFailure) {
    if replaces {
      guard rename(temporaryPath, target) == 0 else { throw failure("rename", errno) }
      isTemporary = false
    } else {
      // Unlike a rename, this fails where the name exists, whoever made it meanwhile.
      guard Glibc.link(temporaryPath, target) == 0 else {
        throw errno == EEXIST ? Self.existing(name) : failure("link", errno)
      }
      isTemporary = unlink(temporaryPath) != 0
    }
  }

  /// Takes the file back where it has appeared and its name is still its own.
  public func withdraw() {
    if isNamed(target) { unlink(target) }
  }

  private static func existing(_ path: String) -> DiagnosticFailure {
    DiagnosticFailure(
      .cannotWrite, "the file exists already", at: .file(path),
      hint: "it is never overwritten; choose another name")
  }

  /// Writes a whole small file and publishes it.
  /// - Throws: as `init`, `write` and `publish`.
  public static func write(_ bytes: [UInt8], to path: String) throws(DiagnosticFailure) {
    let file = try OutputFile(path)
    try file.write(bytes)
    try file.publish()
  }

  /// Whether a name is one of the file that was written.
  private func isNamed(_ path: String) -> Bool {
    var (written, named) = (stat(), stat())
    return fstat(descriptor, &written) == 0 && lstat(path, &named) == 0
      && written.st_dev == named.st_dev && written.st_ino == named.st_ino
  }

  /// A path's directory, with its slash, and its last part.
  private static func parts(of path: String) -> (directory: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return ("", path) }
    return (String(path[...slash]), String(path[path.index(after: slash)...]))
  }

  /// Removes temporary files of an output whose processes were killed: those that nobody holds locked.
  public static func removeLeftovers(of path: String) {
    let (directory, name) = parts(of: path)
    guard let listing = opendir(directory.isEmpty ? "." : directory) else { return }
    defer { closedir(listing) }
    while let entry = readdir(listing) {
      let file = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard file.hasPrefix(".\(name)."), file.hasSuffix(".partial"),
        file.utf8.count == name.utf8.count + 26
      else { continue }
      let path = directory + file
      let descriptor = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
      guard descriptor >= 0 else { continue }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(path) }
      close(descriptor)
    }
  }

  /// The path behind symbolic links.
  private static func resolved(_ path: String) throws(DiagnosticFailure) -> String {
    if let real = realpath(path, nil) {
      defer { free(real) }
      return String(cString: real)
    }
    var path = path
    for _ in 0..<40 {
      guard let next = link(at: path) else { return path }
      let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
      path = next.hasPrefix("/") ? next : directory + next
    }
    throw DiagnosticFailure(
      .cannotWrite, "the output is a symbolic link that leads to itself", at: .file(path),
      hint: "name another file")
  }

  /// What a symbolic link holds; nil where there is none.
  private static func link(at path: String) -> String? {
    var text = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink(path, &text, text.count)
    guard count > 0 else { return nil }
    return String(decoding: text[..<count].map { UInt8(truncatingIfNeeded: $0) }, as: UTF8.self)
  }
}

/// Directories for output.
public enum OutputDirectory {
  /// Creates a directory unless it exists; its parent must exist.
  /// - Throws: `DiagnosticFailure` (`cannot-write`).
  public static func create(_ path: String) throws(DiagnosticFailure) {
    guard mkdir(path, 0o777) == 0 || (errno == EEXIST && InputFile.isDirectory(path)) else {
      throw DiagnosticFailure(
        .cannotWrite, "cannot create the directory: \(SystemError.text(errno))", at: .file(path))
    }
  }
}
