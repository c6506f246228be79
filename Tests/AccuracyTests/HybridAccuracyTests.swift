import CompilerDriver
import Evaluation
import Foundation
import JSONText
import Passes
import Safetensors
import Testing

/// A small random Jamba: what its int8 plans lose.
@Suite(.serialized)
struct HybridAccuracyTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  private static let model = root.appending(path: "Fixtures/models/jamba-f32")

  /// How a model by a recipe differs from the small model in float, on random ids.
  private func score(_ model: URL, _ recipe: Recipe, windows: Int) throws -> PairedScore {
    let ids = FakeQuantizationTests.randomIDs(512 * windows + 1, below: 384)
    let plan = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).qplan").path()
    defer { try? FileManager.default.removeItem(atPath: plan) }
    _ = try Compiler.compile(
      Compiler.Options(model: model.path(), output: plan, recipe: recipe, threads: 2), progress: { _, _ in })
    let score = try TextScorer.score(
      try PlanOrModel(plan, threads: 2).plan, on: TextWindows(tokens: ids, length: 512),
      baseline: try PlanOrModel(Self.model.path(), threads: 2).plan, threads: 2)
    return try #require(score.paired)
  }

  /// Roundings that fall on the other side now and then send rows to other experts, so that the mean of many small
  /// differences tells less than their size does.
  @Test("plans lose what an independent computation with their scales loses")
  func divergences() throws {
    let file = Self.root.appending(path: "Oracles/expected/fake_quantization_jamba.json")
    for expected in try JSONCursor(JSONText.parse([UInt8](Data(contentsOf: file)))).array() {
      let name = try expected["recipe"].string()
      let paired = try score(Self.model, try #require(Recipe.named(name)), windows: 16)
      #expect(abs(paired.divergence.value / (try expected["kl"].double()) - 1) < 0.02, "\(name)")
      let error = try expected["increase_error"].double()
      #expect(abs(paired.increase.value - (try expected["increase"].double())) < 3 * error, "\(name)")
    }
  }

  /// One gain of every block norm a hundredfold, and the columns that read it a hundredth.
  @Test("a rotated residual stream does not feel outliers that ruin one that is not rotated")
  func outliers() throws {
    let injected = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: injected) }
    try Self.inject(into: injected)
    var rotated = Recipe.quambaChannel
    rotated.name = "rotated"
    rotated.rotation.kind = .residual
    let divergence = { (model: URL, recipe: Recipe) in
      try score(model, recipe, windows: 8).divergence.value
    }
    #expect(try divergence(injected, .float32) < 1e-8)
    #expect(try divergence(injected, rotated) <= 2 * divergence(Self.model, rotated))
    #expect(try divergence(injected, .quambaChannel) >= 10 * divergence(Self.model, .quambaChannel))
  }

  /// Writes a copy of the model whose function is the same.
  private static func inject(into directory: URL) throws {
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: model.appending(path: "config.json"), to: directory.appending(path: "config.json"))
    let file = try SafetensorsFile(path: model.appending(path: "model.safetensors").path())
    let readers = ["in_proj", "q_proj", "k_proj", "v_proj", "gate_proj", "up_proj", "router"]
    let descriptor = open(
      directory.appending(path: "model.safetensors").path(), O_WRONLY | O_CREAT | O_EXCL, 0o644)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    let entries = file.tensors.map {
      SafetensorsWriter.Entry(name: $0.name, element: $0.element, shape: $0.shape)
    }
    try SafetensorsWriter.write(entries, to: descriptor) { entry, append in
      let tensor = try #require(file[entry.name])
      let parts = entry.name.split(separator: ".").map(String.init)
      let isGain = ["input_layernorm", "pre_ff_layernorm"].contains(parts[parts.count - 2])
      try file.withBytes(of: tensor) { bytes in
        guard isGain || readers.contains(parts[parts.count - 2]) else { return try append(bytes) }
        let width = tensor.shape.last ?? 1
        let values = (0..<tensor.elementCount).map { index in
          let value = bytes.loadUnaligned(fromByteOffset: 4 * index, as: Float.self)
          return index % width == 7 ? value * (isGain ? 100 : 0.01) : value
        }
        try values.withUnsafeBytes { try append($0) }
      }
    }
  }
}
