import Calibration
import CompilerDriver
import Evaluation
import Foundation
import IR
import JSONText
import Passes
import PlanRuntime
import Testing

/// The example model over a whole held-out book: what users are told, and what independent computations give.
@Suite(.serialized)
struct ExampleAccuracyTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  private static let model = root.appending(path: "Examples/models/gutenberg-9m").path()

  private static func expected(_ name: String) throws -> JSONCursor {
    let data = try Data(contentsOf: root.appending(path: "Tests/Oracles/expected/\(name)"))
    return JSONCursor(try JSONText.parse([UInt8](data)))
  }

  /// Scores of plans against the float model, each measured once.
  private final class Scores {
    private let statistics = FileManager.default.temporaryDirectory.appending(
      path: "\(UUID().uuidString).qstats"
    )
    .path()
    private let float: Plan
    private let tokens: [UInt32]
    private var found: [String: PairedScore] = [:]

    init(text: String = "time-machine.txt") throws {
      let run = try CalibrationRun(try LoadedModel(directory: model, checksValues: false))
      let calibrated = try run.run(
        text: nil, size: CalibrationText.Size(), threads: 2, progress: { _, _ in })
      try calibrated.text.write(toFile: statistics, atomically: true, encoding: .utf8)
      let source = try PlanOrModel(model, threads: 2)
      float = source.plan
      tokens = try source.tokens(
        try TextInput(path: root.appending(path: "Tests/Fixtures/texts/\(text)").path()))
    }

    deinit { try? FileManager.default.removeItem(atPath: statistics) }

    /// Compiles by a recipe and scores the plan, on the first windows of the book where not on all.
    func score(_ recipe: Recipe, windows: Int? = nil) throws -> PairedScore {
      let key = "\(recipe.name) \(windows ?? 98)"
      if let score = found[key] { return score }
      let plan = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).qplan").path()
      defer { try? FileManager.default.removeItem(atPath: plan) }
      var options = Compiler.Options(model: model, output: plan, recipe: recipe, threads: 2)
      // Statistics are of the model as the recipe rotates it.
      options.statistics = recipe.rotation.kind == .residual ? nil : statistics
      _ = try Compiler.compile(options, progress: { _, _ in })
      let score = try TextScorer.score(
        try PlanOrModel(plan, threads: 2).plan,
        on: try TextWindows(tokens: tokens, length: 512, limit: windows), baseline: float, threads: 2)
      let paired = try #require(score.paired)
      found[key] = paired
      return paired
    }
  }

  @Test("recipes lose what the documentation says, and what the independent computation says")
  func recipes() throws {
    let scores = try Scores()
    let (naive, smooth) = (try scores.score(.naive), try scores.score(.smooth, windows: 16))
    let (quamba, channel) = (try scores.score(.quamba), try scores.score(.quambaChannel))
    let (quarot, standard) = (try scores.score(.quarot, windows: 16), try scores.score(.standard))

    let perplexity = try Self.expected("perplexity.json")["perplexity"].double()
    #expect(abs(quamba.baselinePerplexity - perplexity) < 5e-4, "transformers in float32 gives \(perplexity)")
    #expect(quamba.increase.isWithin(0.006))
    #expect(channel.increase.isWithin(0.004))
    #expect(channel.divergenceDifference(from: quamba).upperBound < 0)
    #expect(naive.divergence.value >= 10 * quamba.divergence.value)
    #expect(standard.increase.isWithin(0.002))
    #expect(standard.divergence.isWithin(quamba.divergence.value / 2))
    // As published for larger models: SmoothQuant mends part of what plain maxima lose, QuaRot most of it.
    #expect(smooth.divergence.value < naive.divergence.value / 2)
    #expect(quarot.divergence.value < smooth.divergence.value / 2)
    #expect(quarot.divergence.value < 1.5 * quamba.divergence.value)
    for oracle in try Self.expected("fake_quantization.json").array() {
      let name = try oracle["recipe"].string()
      let windows = try oracle["tokens_scored"].int() / 512
      let score = try scores.score(try Self.recipe(name), windows: windows == 98 ? nil : windows)
      // On a few windows the increase is not known well enough.
      if windows == 98 {
        #expect(abs(score.increase.value - (try oracle["increase"].double())) < 2e-4, "\(name)")
      }
      #expect(abs(score.divergence.value / (try oracle["kl"].double()) - 1) < 0.02, "\(name)")
    }
  }

  @Test(
    "weights of four bits lose far less by GPTQ than by plain rounding",
    arguments: [
      "time-machine.txt", "wikitext2-test.txt",
    ])
  func fourBits(_ text: String) throws {
    let scores = try Scores(text: text)
    let windows = 32
    let nearest = try scores.score(try Self.recipe("quamba-w4-nearest"), windows: windows)
    let standard = try scores.score(.quambaW4, windows: windows)
    #expect(standard.divergence.value < 0.7 * nearest.divergence.value)
    #expect(standard.divergenceDifference(from: nearest).upperBound < 0)
    if text == "time-machine.txt" { #expect(standard.increase.isWithin(0.01)) }
  }

  /// A built-in recipe, or one with a narrower state, or with four-bit weights that are rounded plainly.
  private static func recipe(_ name: String) throws -> Recipe {
    var recipe: Recipe
    switch name {
    case "quamba-channel-int8":
      recipe = .quambaChannel
      recipe.state = .int8
    case "quamba-w4-nearest":
      recipe = .quambaW4
      (recipe.weights.rounding, recipe.weights.clip) = (.nearest, .maximum)
    default: return try #require(Recipe.named(name))
    }
    recipe.name = name
    return recipe
  }
}
