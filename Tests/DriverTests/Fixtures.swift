import CompilerDriver
import Foundation
import Passes
import PlanRuntime

/// Where models and texts for tests lie.
enum Fixtures {
  /// The directory of the package.
  static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// Small random models with reference values.
  static let models = [
    "mamba-f32", "mamba-bf16-sharded", "mamba-f16-untied", "mamba-original", "falcon-mamba-bin-sharded",
    "mamba2-f32", "mamba2-limited", "mamba2-original", "jamba-f32",
  ]

  /// Where files for tests lie.
  static let directory = package.path + "/Tests/Fixtures"

  /// The directory of a model.
  static func model(_ name: String) -> String { directory + "/models/" + name }

  /// A small model that was trained on books.
  static let example = package.path + "/Examples/models/gutenberg-9m"
}

/// A directory that is gone after `body`.
func withTemporaryDirectory<Result>(_ body: (String) throws -> Result) throws -> Result {
  let directory = FileManager.default.temporaryDirectory.appendingPathComponent("quamba-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
  defer { try? FileManager.default.removeItem(at: directory) }
  return try body(directory.path)
}

/// The plan of a model directory by a recipe, calibrated on little.
func compiledPlan(_ directory: String, _ recipe: Recipe) throws -> Plan {
  try withTemporaryDirectory { place in
    var options = Compiler.Options(model: directory, output: place + "/plan", recipe: recipe, threads: 2)
    options.size = CalibrationText.Size(samples: 4, length: 64)
    _ = try Compiler.compile(options, progress: { _, _ in })
    return try Plan(path: place + "/plan")
  }
}
