import CompilerDriver
import Foundation
import Glibc

/// A copy of the smallest model of which one file is replaced again and again.
struct ModelDirectory {
  static let config = ModelDirectory(replacing: "config.json")
  static let index = ModelDirectory(replacing: "model.safetensors.index.json")
  static let pickle = ModelDirectory(replacing: "pytorch_model.bin")
  static let recipe = ModelDirectory(replacing: "recipe.json")

  private let place: String
  private let name: String

  /// Makes the copy, in memory where the system offers that.
  private init(replacing name: String) {
    (place, self.name) = (Self.place(name), name)
    do {
      try? FileManager.default.removeItem(atPath: place)
      try FileManager.default.copyItem(atPath: SeedFiles.model, toPath: place)
    } catch {
      preconditionFailure("cannot copy the smallest model: \(error)")
    }
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
  func read(_ bytes: [UInt8]) {
    write(bytes)
    _ = try? LoadedModel(directory: place, checksValues: false)
  }

  /// Writes the file, and gives its path.
  @discardableResult
  func write(_ bytes: [UInt8]) -> String {
    let path = place + "/" + name
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    precondition(descriptor >= 0, "cannot write \(path)")
    let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    close(descriptor)
    precondition(written == bytes.count, "cannot write \(path)")
    return path
  }
}
