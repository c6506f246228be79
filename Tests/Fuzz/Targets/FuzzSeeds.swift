import Files
import Foundation
import IR
import CompilerDriver
import Digests
import Passes

/// Inputs to begin with, and inputs that failed once.
public enum FuzzSeeds {
  /// The directory of inputs that are kept, one folder for each target.
  public static let kept = SeedFiles.package + "/Tests/Fuzz/Inputs"

  /// Writes seeds that are made from the smallest model, one folder for each target.
  /// - Throws: what writing files throws.
  public static func write(to directory: String) throws {
    for target in FuzzTarget.allCases {
      let folder = directory + "/" + target.rawValue
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      for (name, bytes) in try seeds(for: target) {
        try Data(bytes).write(to: URL(fileURLWithPath: folder + "/" + name))
      }
    }
  }

  /// Runs a target over a file.
  /// - Throws: where the file cannot be read.
  public static func replay(_ path: String, _ target: FuzzTarget) throws {
    target.run(try InputFile.read(path))
  }

  private static func seeds(for target: FuzzTarget) throws -> [(name: String, bytes: [UInt8])] {
    let files = SeedFiles.shared
    func model(_ name: String) throws -> (String, [UInt8]) {
      (name, try InputFile.read(SeedFiles.model + "/" + name))
    }
    switch target {
    case .plan: return files.plans.map { ($0.recipe, $0.bytes) }
    case .planEdits: return files.plans.indices.map { ("none-\($0)", [UInt8($0)]) }
    case .safetensors: return [("shard", files.safetensors)]
    case .index: return [try model("model.safetensors.index.json")]
    case .config: return [try model("config.json")]
    case .tokenizer: return [try model("tokenizer.json")]
    case .statistics: return [("statistics", files.statistics)]
    case .recipe: return Recipe.builtIn.map { ($0.name, Array($0.jsonText.utf8)) }
    case .pickle: return try pickles()
    case .minisign: return try keys()
    case .ir: return try modules()
    case .json: return [try model("config.json"), try model("tokenizer.json")]
    }
  }

  /// Checkpoints as `torch.save` writes them.
  private static func pickles() throws -> [(String, [UInt8])] {
    let folder = SeedFiles.package + "/Tests/PickledTensorsTests/Fixtures"
    return try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".bin") }
      .sorted()
      .map { ($0, try InputFile.read(folder + "/" + $0)) }
  }

  /// A pair of keys, and a signature.
  private static func keys() throws -> [(String, [UInt8])] {
    let key = MinisignSecretKey()
    let digest = [UInt8](repeating: 7, count: 64)
    return [
      ("secret", Array(key.text.utf8)), ("public", Array(key.publicKey.text.utf8)),
      ("signature", Array(try key.sign(digest: digest, comment: "file:x\thashed").text.utf8)),
    ]
  }

  /// A module of three values, and the smallest model's IR before and after the passes of every recipe.
  private static func modules() throws -> [(String, [UInt8])] {
    let short = """
      quamba-ir 1
      architecture "mamba"
      layers 1
      stage imported

      $w: bf16[8, 4] = constant() {source = from "w"} at "w" by import
      %t: i32[1] = tokens() at "input" by import
      %e: f32[4] = embedding(%t, $w) at "e" by import
      return %e

      """
    return try [("short", Array(short.utf8))]
      + Recipe.builtIn.map { recipe in
        let last = Pipeline.passes(for: recipe).last { $0.name != Pass.assignRanges.name }
        let text = try IRText.dump(
          model: SeedFiles.model, after: recipe.isQuantized ? nil : last?.name, recipe: recipe,
          statistics: nil,
          threads: 1, progress: { _, _ in })
        return (recipe.name, Array(text.utf8))
      }
  }
}
