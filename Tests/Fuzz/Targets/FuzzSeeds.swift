import Files
import Foundation
import IR
import CompilerDriver
import Digests
import JSONText
import Passes

/// Inputs to begin with, and inputs that failed once.
public enum FuzzSeeds {
  /// The directory of inputs that are kept, one folder for each target.
  public static let kept = SeedFiles.package + "/Tests/Fuzz/Inputs"

  /// Writes seeds that are made from small models, one folder for each target, and beside it the words that they hold, as
  /// libFuzzer reads them.
  /// - Throws: what writing files throws.
  public static func write(to directory: String) throws {
    for target in FuzzTarget.allCases {
      let folder = directory + "/" + target.rawValue
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      let seeds = try seeds(for: target)
      for (name, bytes) in seeds { try write(bytes, to: folder + "/" + name) }
      let words = Set(seeds.flatMap { Self.words(of: $0.bytes) }).sorted().map { "\"\($0)\"\n" }
      try write(Array(words.joined().utf8), to: folder + ".dict")
    }
  }

  private static func write(_ bytes: [UInt8], to path: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  /// What may be a name or a keyword: letters, digits, points and underlines.
  private static func words(of bytes: [UInt8]) -> [String] {
    let runs = bytes.split { byte in
      !(UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 32)
        && !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        && byte != UInt8(ascii: ".") && byte != UInt8(ascii: "_")
    }
    return runs.filter { (3...40).contains($0.count) }.map { String(decoding: $0, as: UTF8.self) }
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
    case .config: return try configurations()
    case .tokenizer: return try [model("tokenizer.json")] + tokenizers()
    case .statistics: return [("statistics", try fewTensors(of: files.statistics))]
    case .recipe: return Recipe.builtIn.map { ($0.name, Array($0.jsonText.utf8)) }
    case .pickle: return try pickles()
    case .minisign: return try keys()
    case .ir: return try modules()
    case .json: return [try model("config.json"), try model("tokenizer.json")]
    }
  }

  /// The configurations of all small models.
  private static func configurations() throws -> [(String, [UInt8])] {
    try FileManager.default.contentsOfDirectory(atPath: SeedFiles.models).sorted().map { name in
      (name, try InputFile.read("\(SeedFiles.models)/\(name)/config.json"))
    }
  }

  /// Tokenizers of every kind that is supported.
  private static func tokenizers() throws -> [(String, [UInt8])] {
    let path = SeedFiles.package + "/Tests/TokenizationTests/Fixtures/pipeline_cases.json"
    let cases = JSONCursor(try JSONText.parse(try InputFile.read(path)))
    return try cases.array().map { entry in
      (try entry["name"].string(), Array(JSONText.encode(try entry["tokenizer"].value).utf8))
    }
  }

  /// Statistics with the first few tensors, of a length that can be fuzzed.
  private static func fewTensors(of statistics: [UInt8]) throws -> [UInt8] {
    let members = try JSONCursor(JSONText.parse(statistics)).members().map { (name, cursor) in
      guard name == "taps", case .array(let taps) = cursor.value else { return (name, cursor.value) }
      return (name, .array(Array(taps.prefix(4))))
    }
    return Array(JSONText.encode(.object(members)).utf8)
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
