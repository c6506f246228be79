import Calibration
import CompilerDriver
import Files
import Foundation
import Frontend
import IR
import Passes
import PlanFormat
import PlanRuntime

/// Good files of the smallest model, as this version of the program writes them.
public struct SeedFiles: Sendable {
  /// The files, made when first asked for.
  public static let shared = SeedFiles()

  /// The model's directory.
  public static let model = models + "/tiny"
  static let models = package + "/Tests/Fixtures/models"
  static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  /// A plan by each recipe that the program knows, and where its weights begin.
  public let plans: [(recipe: String, bytes: [UInt8], weightsOffset: Int)]
  /// The tokenizer that all plans hold.
  public let tokenizer: [UInt8]
  /// A statistics file.
  public let statistics: [UInt8]
  /// The model in the IR, as imported.
  let module: Module
  /// A file of tensors.
  public let safetensors: [UInt8]

  private init() {
    do {
      let place = FileManager.default.temporaryDirectory.appendingPathComponent("seeds-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: false)
      defer { try? FileManager.default.removeItem(at: place) }
      plans = try Recipe.builtIn.map { recipe in
        let bytes = try Self.plan(recipe, place.path + "/plan")
        return (recipe.name, bytes, try Plan(bytes: bytes).view.range(of: .weights).lowerBound)
      }
      let plan = try Plan(bytes: plans[0].bytes)
      tokenizer = withExtendedLifetime(plan) { Array(plan.tokenizerSection) }
      let model = try LoadedModel(directory: Self.model, checksValues: true)
      module = model.imported.module
      let run = try CalibrationRun(model)
      let size = CalibrationText.Size(samples: 2, length: 32)
      statistics = Array(try run.run(text: nil, size: size, threads: 1, progress: { _, _ in }).text.utf8)
      safetensors = try InputFile.read(Self.model + "/model-00001-of-00002.safetensors")
    } catch {
      preconditionFailure("the smallest model cannot be compiled: \(error)")
    }
  }

  private static func plan(_ recipe: Recipe, _ path: String) throws -> [UInt8] {
    var options = Compiler.Options(model: model, output: path, recipe: recipe, threads: 1)
    options.size = CalibrationText.Size(samples: 2, length: 32)
    _ = try Compiler.compile(options, progress: { _, _ in })
    return try InputFile.read(path)
  }
}
