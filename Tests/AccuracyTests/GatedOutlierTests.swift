import CompilerDriver
import Evaluation
import Foundation
import Passes
import Safetensors
import Testing

/// Outliers in the gain of the norm that follows the gate, which leave the function as it is: 1 % of the gains a
/// hundredfold, and the columns of `out_proj` that read them a hundredth.
///
/// `Tests/Oracles/inject_outliers.py --gated` does the same to any Mamba-2 checkpoint.
@Suite(.serialized)
struct GatedOutlierTests {
  private static let model = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Fixtures/models/mamba2-f32")
  private static let windowTokens = FakeQuantizationTests.randomIDs(2049, below: 384)

  @Test("the rotation does not feel outliers in the gain, and without it they ruin the model")
  func rotation() throws {
    let place = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: place) }
    let injected = place.appending(path: "injected")
    try Self.inject(into: injected)
    let float = try PlanOrModel(Self.model.path(), threads: 2).plan
    let windows = try TextWindows(tokens: Self.windowTokens, length: 256)

    func divergence(_ model: URL, _ recipe: Recipe) throws -> Double {
      let path = place.appending(path: "\(UUID().uuidString).qplan").path()
      var options = Compiler.Options(model: model.path(), output: path, recipe: recipe, threads: 2)
      options.size = CalibrationText.Size(samples: 8, length: 128)
      _ = try Compiler.compile(options, progress: { _, _ in })
      let score = try TextScorer.score(
        try PlanOrModel(path, threads: 2).plan, on: windows, baseline: float, threads: 2)
      return try #require(score.paired).divergence.value
    }
    var unrotated = Recipe.quambaChannel
    unrotated.rotation.kind = .none
    #expect(try divergence(injected, .float32) < 1e-8)
    #expect(try divergence(injected, .quambaChannel) <= 2 * divergence(Self.model, .quambaChannel))
    #expect(try divergence(injected, .quambaSmooth) <= 2 * divergence(Self.model, .quambaSmooth))
    #expect(try divergence(injected, unrotated) >= 10 * divergence(Self.model, unrotated))
  }

  private static func inject(into directory: URL) throws {
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: model.appending(path: "config.json"), to: directory.appending(path: "config.json"))
    let file = try SafetensorsFile(path: model.appending(path: "model.safetensors").path())
    let entries = file.tensors.map {
      SafetensorsWriter.Entry(name: $0.name, element: $0.element, shape: $0.shape)
    }
    let output = directory.appending(path: "model.safetensors").path()
    let descriptor = open(output, O_WRONLY | O_CREAT | O_EXCL, 0o644)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    try SafetensorsWriter.write(entries, to: descriptor) { entry, append in
      let tensor = try #require(file[entry.name])
      let isGain = entry.name.hasSuffix(".mixer.norm.weight")
      try file.withBytes(of: tensor) { bytes in
        guard isGain || entry.name.hasSuffix(".out_proj.weight") else { return try append(bytes) }
        let width = tensor.shape.last ?? 1
        let values = (0..<tensor.elementCount).map { index in
          let value = bytes.loadUnaligned(fromByteOffset: 4 * index, as: Float.self)
          return index % width % 100 == 7 ? value * (isGain ? 100 : 0.01) : value
        }
        try values.withUnsafeBytes { try append($0) }
      }
    }
  }
}
