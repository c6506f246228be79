import Calibration
import CompilerDriver
import Evaluation
import Foundation
import JSONText
import Passes
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

  /// Compiles by a recipe and scores the plan against the float model.
  private static func score(_ recipe: Recipe, statistics: String) throws -> TextScore {
    let plan = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).qplan").path()
    defer { try? FileManager.default.removeItem(atPath: plan) }
    var options = Compiler.Options(model: model, output: plan, recipe: recipe, threads: 2)
    options.statistics = statistics
    _ = try Compiler.compile(options, progress: { _, _ in })
    let text = try TextInput(path: root.appending(path: "Tests/Fixtures/texts/time-machine.txt").path())
    let source = try PlanOrModel(plan, threads: 2)
    let windows = try TextWindows(tokens: try source.tokens(text), length: 512)
    return try TextScorer.score(
      source.plan, on: windows, baseline: try PlanOrModel(model, threads: 2).plan, threads: 2)
  }

  @Test("recipes lose what the documentation says, and what the independent computation says")
  func recipes() throws {
    let statistics = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).qstats")
      .path()
    defer { try? FileManager.default.removeItem(atPath: statistics) }
    let calibrated = try CalibrationRun(try LoadedModel(directory: Self.model, checksValues: false)).run(
      text: nil, size: CalibrationText.Size(), threads: 2, progress: { _, _ in })
    try calibrated.text.write(toFile: statistics, atomically: true, encoding: .utf8)
    var scores: [String: PairedScore] = [:]
    for recipe in [Recipe.naive, .quamba, .quambaChannel, .standard] {
      let score: PairedScore? = try Self.score(recipe, statistics: statistics).paired
      scores[recipe.name] = score
    }
    let (naive, quamba) = (try #require(scores["naive"]), try #require(scores["quamba"]))
    let channel = try #require(scores["quamba-channel"])

    let perplexity = try Self.expected("perplexity.json")["perplexity"].double()
    #expect(abs(quamba.baselinePerplexity - perplexity) < 5e-4, "transformers in float32 gives \(perplexity)")
    #expect(quamba.increase.isWithin(0.006))
    #expect(channel.increase.isWithin(0.004))
    #expect(channel.divergenceDifference(from: quamba).upperBound < 0)
    #expect(naive.divergence.value >= 10 * quamba.divergence.value)
    let standard = try #require(scores[Recipe.standard.name])
    #expect(standard.increase.isWithin(0.002))
    #expect(standard.divergence.isWithin(quamba.divergence.value / 2))
    for oracle in try Self.expected("fake_quantization.json").array() {
      let score = try #require(scores[try oracle["recipe"].string()])
      #expect(abs(score.increase.value - (try oracle["increase"].double())) < 2e-4)
      #expect(abs(score.divergence.value / (try oracle["kl"].double()) - 1) < 0.02)
    }
  }
}
