import Calibration
import CompilerDriver
import Evaluation
import Foundation
import Passes
import Safetensors
import Testing

/// Outliers that leave the function as it is.
///
/// 1 % of the gains of every layer's norm a hundredfold, and the columns that read them a hundredth.
/// `Tests/Oracles/inject_outliers.py` does the same to any checkpoint.
@Suite(.serialized)
struct OutlierTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  private static let model = root.appending(path: "Examples/models/gutenberg-9m")
  private static let size = CalibrationText.Size(samples: 8, length: 256)

  @Test("a rotated residual stream does not feel outliers that ruin one that is not rotated")
  func rotation() throws {
    let place = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: place) }
    let injected = place.appending(path: "injected")
    try Self.inject(into: injected)
    let text = try TextInput(path: Self.root.appending(path: "Tests/Fixtures/texts/time-machine.txt").path())
    let float = try PlanOrModel(Self.model.path(), threads: 2)
    let windows = try TextWindows(tokens: Array(try float.tokens(text).prefix(4 * 512 + 1)), length: 512)

    func divergence(_ model: URL, _ recipe: Recipe) throws -> Double {
      let path = place.appending(path: "\(UUID().uuidString).qplan").path()
      var options = Compiler.Options(model: model.path(), output: path, recipe: recipe, threads: 2)
      options.size = Self.size
      _ = try Compiler.compile(options, progress: { _, _ in })
      let plan = try PlanOrModel(path, threads: 2).plan
      let score = try TextScorer.score(plan, on: windows, baseline: float.plan, threads: 2)
      return try #require(score.paired).divergence.value
    }
    var exact = Recipe(name: "exact")
    exact.rotation.kind = .residual
    var rotated = Recipe.quambaChannel
    rotated.rotation.kind = .residual
    #expect(try divergence(injected, .float32) < 1e-8)
    #expect(try divergence(injected, exact) < 1e-8)
    #expect(try divergence(injected, rotated) <= 2 * divergence(Self.model, rotated))
    #expect(try divergence(injected, .quambaChannel) >= 10 * divergence(Self.model, .quambaChannel))
  }

  /// Writes a copy of the model, the changed tensors in float32.
  private static func inject(into directory: URL) throws {
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    for name in ["config.json", "tokenizer.json", "tokenizer_config.json"] {
      try FileManager.default.copyItem(at: model.appending(path: name), to: directory.appending(path: name))
    }
    let file = try SafetensorsFile(path: model.appending(path: "model.safetensors").path())
    let isChanged = { (name: String) in
      name.hasSuffix(".norm.weight") || name.hasSuffix(".in_proj.weight")
    }
    let entries = file.tensors.map { tensor in
      SafetensorsWriter.Entry(
        name: tensor.name, element: isChanged(tensor.name) ? .f32 : tensor.element, shape: tensor.shape)
    }
    let output = directory.appending(path: "model.safetensors").path()
    let descriptor = open(output, O_WRONLY | O_CREAT | O_EXCL, 0o644)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    try SafetensorsWriter.write(entries, to: descriptor) { entry, append in
      let tensor = try #require(file[entry.name])
      try file.withBytes(of: tensor) { bytes in
        guard isChanged(entry.name) else { return try append(bytes) }
        let width = tensor.shape.last ?? 1
        let factor: Float = tensor.shape.count == 1 ? 100 : 0.01
        let values = (0..<tensor.elementCount).map { index in
          let bits = bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
          let value = Float(bitPattern: UInt32(bits) << 16)
          return index % width % 100 == 7 ? value * factor : value
        }
        try values.withUnsafeBytes { try append($0) }
      }
    }
  }
}
