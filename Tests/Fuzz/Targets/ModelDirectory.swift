import CompilerDriver
import Foundation
import Frontend
import Glibc

/// A copy of a small model of which one file is replaced again and again.
struct ModelDirectory {
  static let index = ModelDirectory(replacing: "model.safetensors.index.json")
  static let recipe = ModelDirectory(replacing: "recipe.json")
  static let pickle = ModelDirectory(
    replacing: "pytorch_model.bin", without: ["model.safetensors.index.json"])

  /// Directories whose `config.json` is replaced, each with a word that the configurations of its kind hold.
  private static let byKind: [(word: String, directory: ModelDirectory)] = [
    ("Mamba2", "mamba2-original"), ("ssm_cfg", "mamba-original"), ("jamba", "jamba-f32"),
    ("falcon_mamba", "falcon-mamba-bin-sharded"), ("mamba2", "mamba2-limited"), ("", "tiny"),
  ].map { ($0, ModelDirectory(of: $1, replacing: "config.json")) }

  /// The directory of the kind of model that a configuration names.
  static func config(for bytes: [UInt8]) -> ModelDirectory? {
    let text = String(decoding: bytes, as: UTF8.self)
    return byKind.first { strstr(text, $0.word) != nil }?.directory
  }

  /// Where all copies of this process lie, in memory where the system offers that.
  private static let parent: String = {
    let parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : NSTemporaryDirectory()
    let path = "\(parent)/quamba-fuzz-\(getpid())"
    do {
      try? FileManager.default.removeItem(atPath: path)
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    } catch {
      preconditionFailure("cannot make \(path): \(error)")
    }
    atexit { ModelDirectory.removeAll() }
    return path
  }()

  private let place: String
  private let path: String
  /// The file, open for writing.
  private let descriptor: Int32

  private init(of model: String = "tiny", replacing name: String, without others: [String] = []) {
    place = "\(Self.parent)/\(model)-\(name)"
    path = place + "/" + name
    do {
      try FileManager.default.copyItem(atPath: SeedFiles.models + "/" + model, toPath: place)
      for other in others { try FileManager.default.removeItem(atPath: place + "/" + other) }
    } catch {
      preconditionFailure("cannot copy the model '\(model)': \(error)")
    }
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    precondition(descriptor >= 0, "cannot write \(path)")
  }

  /// Removes the copies that this process made; nothing else would when it ends.
  private static func removeAll() { try? FileManager.default.removeItem(atPath: parent) }

  /// Imports the model with these bytes in the file.
  /// - Returns: whether it was accepted.
  func importModel(_ bytes: [UInt8]) -> Bool {
    write(bytes)
    guard let files = try? ModelFiles(directory: place) else { return false }
    return (try? ImportedModel(files, checksValues: false)) != nil
  }

  /// Opens what the model's files say are its tensors, with these bytes in the file.
  /// - Returns: the tensors, where they were accepted.
  func checkpoint(_ bytes: [UInt8]) -> Checkpoint? {
    write(bytes)
    return (try? ModelFiles(directory: place)).flatMap { try? Checkpoint($0) }
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
