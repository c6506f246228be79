import CompilerDriver
import Foundation
import Frontend
import Glibc

/// A copy of the smallest model of which one file is replaced again and again.
struct ModelDirectory {
  static let config = ModelDirectory(replacing: "config.json")
  static let index = ModelDirectory(replacing: "model.safetensors.index.json")
  static let pickle = ModelDirectory(replacing: "pytorch_model.bin")
  static let recipe = ModelDirectory(replacing: "recipe.json")

  private let place: String
  private let path: String
  /// The file, open for writing.
  private let descriptor: Int32

  /// Makes the copy, in memory where the system offers that.
  private init(replacing name: String) {
    place = Self.place(name)
    path = place + "/" + name
    do {
      try? FileManager.default.removeItem(atPath: place)
      try FileManager.default.copyItem(atPath: SeedFiles.model, toPath: place)
    } catch {
      preconditionFailure("cannot copy the smallest model: \(error)")
    }
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    precondition(descriptor >= 0, "cannot write \(path)")
    atexit { ModelDirectory.removeAll() }
  }

  private static func place(_ name: String) -> String {
    let parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : NSTemporaryDirectory()
    return "\(parent)/quamba-fuzz-\(getpid())-\(name)"
  }

  /// Removes the copies that this process made; nothing else would when it ends.
  private static func removeAll() {
    for name in ["config.json", "model.safetensors.index.json", "recipe.json", "pytorch_model.bin"] {
      try? FileManager.default.removeItem(atPath: place(name))
    }
  }

  /// Reads the model with these bytes in the file.
  /// - Returns: whether it was accepted.
  func read(_ bytes: [UInt8]) -> Bool {
    write(bytes)
    return (try? LoadedModel(directory: place, checksValues: false)) != nil
  }

  /// Opens what the model's files say are its tensors, with these bytes in the file.
  /// - Returns: whether they were accepted.
  func readCheckpoint(_ bytes: [UInt8]) -> Bool {
    write(bytes)
    return (try? ModelFiles(directory: place)).flatMap { try? Checkpoint($0) } != nil
  }

  /// Writes the file, and gives its path.
  @discardableResult
  func write(_ bytes: [UInt8]) -> String {
    let written = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    precondition(
      written == bytes.count && ftruncate(descriptor, off_t(bytes.count)) == 0, "cannot write \(path)")
    return path
  }
}
