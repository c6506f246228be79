import Calibration
import CompilerDriver
import Diagnostics
import Foundation
import Frontend
import IR
import JSONText
import Passes
import Testing

/// Ranges that are clipped.
@Suite("Clips", .serialized)
struct ClipTests {
  private static let model = Fixtures.model("mamba-bf16-sharded")

  private static func recipe(_ clip: String, _ scales: Recipe.Scales) -> Recipe {
    var recipe = Recipe.quamba
    recipe.weights.scales = scales
    recipe.convolution = scales
    recipe.weights.clip = Clip(clip) ?? .maximum
    var rule = TensorRule(Glob("*.conv1d.weight")!)
    rule.clip = recipe.weights.clip
    recipe.rules = [rule]
    return recipe
  }

  /// Compiles; gives the last module and what `inspect` tells of the plan.
  private func compile(
    _ recipe: Recipe, of model: String = Self.model, threads: Int = 2
  ) throws -> (module: Module, inspection: JSONCursor) {
    try withTemporaryDirectory { place in
      var options = Compiler.Options(
        model: model, output: place + "/plan", recipe: recipe, threads: threads)
      options.size = CalibrationText.Size(samples: 2, length: 32)
      options.dumpDirectory = place + "/ir"
      _ = try Compiler.compile(options, progress: { _, _ in })
      let last = try #require(FileManager.default.contentsOfDirectory(atPath: place + "/ir").max())
      let module = try Module(parsing: String(contentsOfFile: "\(place)/ir/\(last)", encoding: .utf8))
      return (module, JSONCursor(try PlanInspection(path: place + "/plan").json))
    }
  }

  /// The backend measures row by row and in several threads what the reference evaluator computes at once.
  @Test(
    "scales of weights are those of the evaluator", arguments: ["maximum", "least-error", "percentile:97.5"],
    [1, 3])
  func weights(_ clip: String, _ threads: Int) throws {
    let checkpoint = try ImportedModel(directory: Self.model, checksValues: false).checkpoint
    for scales in [Recipe.Scales.tensor, .channel] {
      let (module, inspection) = try compile(Self.recipe(clip, scales), threads: threads)
      let values = try Evaluator(module, source: checkpoint).run(tokens: [])
      let products = module.nodes.filter { $0.op == .linearInt8 }
      let linears = try inspection["linears"].array()
      #expect(linears.count == products.count && linears.count > 12)
      for linear in linears {
        let name = try linear["name"].string()
        let product = try #require(products.first { module[$0.operands[1]].name == name })
        let found = try linear["multipliers"].array().map { Float(try $0.double()) }
        #expect(found == values[product.operands[2].index], "\(name)")
      }
    }
  }

  /// The scales of the tensors of a class.
  private func scales(_ inspection: JSONCursor, _ tensorClass: String) throws -> [[Float]] {
    try inspection["tensors"].array().filter { try $0["name"].string().hasSuffix(tensorClass) }.map {
      try $0["scales"].array().map { Float(try $0.double()) }
    }
  }

  @Test("every class of activations can be clipped", arguments: Recipe.TensorClass.allCases)
  func activations(_ tensorClass: Recipe.TensorClass) throws {
    var recipe = Recipe.quamba
    recipe.headInput = .int8
    recipe.clips = [:]
    if [.y, .h].contains(tensorClass) { recipe.rotation.kind = .none }
    // Classes that only other models have, and how many tensors of each the small one has.
    let others: [Recipe.TensorClass: (model: String, count: Int)] = [
      .bIn: ("mamba2-f32", 3), .cIn: ("mamba2-f32", 3), .k: ("jamba-f32", 1), .v: ("jamba-f32", 1),
      .attended: ("jamba-f32", 1), .h: ("jamba-f32", 10), .hRotated: ("jamba-f32", 10),
    ]
    let model = others[tensorClass].map { Fixtures.model($0.model) } ?? Self.model
    let suffix = tensorClass == .normF ? "norm_f" : ".\(tensorClass.rawValue)"
    let whole = try scales(
      compile(recipe, of: model).inspection, tensorClass == .uScan ? ".u" : suffix)
    recipe.clips[tensorClass] = .percentile(90)
    let clipped = try scales(compile(recipe, of: model).inspection, suffix)
    #expect(clipped.count == others[tensorClass]?.count ?? (tensorClass == .normF ? 1 : 2))
    #expect(zip(clipped, whole).allSatisfy { $0.count == 1 && $0[0] < $1[0] })
  }

  /// Clipped channels cost far more than they gain: the scan's inputs are read channel by channel.
  @Test("scales per channel go by the maxima whatever the clip, with a warning")
  func channels() throws {
    var recipe = Recipe.quambaChannel
    let whole = try scales(compile(recipe).inspection, ".z")
    recipe.clips[.z] = .percentile(99)
    #expect(whole.count == 2 && whole[0].count > 100)
    #expect(try scales(compile(recipe).inspection, ".z") == whole)
    let module = try ImportedModel(directory: Self.model, checksValues: false).module
    let findings = try Pipeline.checkPatterns(of: recipe, on: module)
    #expect(findings.map(\.location) == [.node("clips.z")] && findings.allSatisfy { $0.severity == .warning })
    var rule = TensorRule(Glob("*.z")!)
    rule.clip = .percentile(99)
    recipe.rules = [rule]
    #expect(throws: DiagnosticFailure.self) { try Pipeline.checkPatterns(of: recipe, on: module) }
    recipe.rules[0].scales = .tensor
    #expect(try scales(compile(recipe).inspection, ".z").allSatisfy { $0.count == 1 })
  }

  @Test("what is told to be clipped most is what the plan clips")
  func worstSaturation() throws {
    try withTemporaryDirectory { place in
      func worst(_ recipe: Recipe) throws -> Substring? {
        var options = Compiler.Options(
          model: Self.model, output: place + "/plan", recipe: recipe, threads: 2)
        options.size = CalibrationText.Size(samples: 2, length: 32)
        let report = try Compiler.compile(options, progress: { _, _ in })
        return report.worstSaturation?.tensor.split(separator: ".").last
      }
      var recipe = Recipe.quambaChannel
      recipe.clips = [.z: .percentile(50), .yRotated: .percentile(99)]
      let channels = try worst(recipe)
      #expect(channels == "y_rotated", "z has a scale for each channel")
      recipe.scanInputs = .tensor
      let single = try worst(recipe)
      #expect(single == "z")
      recipe.clips = [:]
      let none = try worst(recipe)
      #expect(none == nil)
    }
  }

  @Test("statistics without a histogram cannot be clipped, and say so")
  func noHistogram() throws {
    try withTemporaryDirectory { place in
      let run = try CalibrationRun(try LoadedModel(directory: Self.model, checksValues: false))
      let size = CalibrationText.Size(samples: 2, length: 16)
      let statistics = try run.run(text: nil, size: size, threads: 2, progress: { _, _ in })
      let bare = statistics.text.replacing(/,"histogram":"[^"]*"/, with: "")
      try Data(bare.utf8).write(to: URL(fileURLWithPath: place + "/bare.qstats"))
      var options = Compiler.Options(model: Self.model, output: place + "/plan", recipe: .naive, threads: 2)
      options.statistics = place + "/bare.qstats"
      _ = try Compiler.compile(options, progress: { _, _ in })
      options.recipe.clips[.dt] = .leastError
      let failure = #expect(throws: DiagnosticFailure.self) {
        try Compiler.compile(options, progress: { _, _ in })
      }
      let names = (0..<2).map { Location.node("layers.\($0).mixer.dt") }
      #expect(failure?.diagnostics.map(\.location) == names)
      #expect(failure?.diagnostics.allSatisfy { $0.code == .missingRange } == true)
    }
  }
}
