import CompilerDriver
import Evaluation
import Foundation
import JSONText
import Passes
import Testing

/// Small random models: int8 plans lose what an independent computation with their scales loses.
@Suite(.serialized)
struct FakeQuantizationTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

  /// The ids that the independent computation was given (`--random-ids`).
  static func randomIDs(_ count: Int, below vocabulary: UInt64) -> [UInt32] {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt32((state >> 33) % vocabulary)
    }
  }

  @Test(arguments: [("falcon-mamba-bin-sharded", "falcon", 64), ("mamba2-f32", "mamba2", 384)])
  func divergences(_ model: String, _ oracle: String, _ vocabulary: UInt64) throws {
    let model = Self.root.appending(path: "Fixtures/models/\(model)").path()
    let file = Self.root.appending(path: "Oracles/expected/fake_quantization_\(oracle).json")
    let windows = try TextWindows(tokens: Self.randomIDs(8193, below: vocabulary), length: 512)
    let reference = try PlanOrModel(model, threads: 2).plan
    for expected in try JSONCursor(JSONText.parse([UInt8](Data(contentsOf: file)))).array() {
      let name = try expected["recipe"].string()
      let plan = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).qplan").path()
      defer { try? FileManager.default.removeItem(atPath: plan) }
      let recipe = try #require(Recipe.named(name))
      _ = try Compiler.compile(
        Compiler.Options(model: model, output: plan, recipe: recipe, threads: 2), progress: { _, _ in })
      let score = try TextScorer.score(
        try PlanOrModel(plan, threads: 2).plan, on: windows, baseline: reference, threads: 2)
      let paired = try #require(score.paired)
      #expect(abs(paired.divergence.value / (try expected["kl"].double()) - 1) < 0.02, "\(name)")
      let tolerance = try max(1e-4, 0.1 * expected["increase_error"].double())
      #expect(abs(paired.increase.value - (try expected["increase"].double())) < tolerance, "\(name)")
    }
  }
}
