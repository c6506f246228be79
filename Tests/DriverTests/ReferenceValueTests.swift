import CompilerDriver
import Generation
import Passes
import PlanRuntime
import Safetensors
import Testing

/// Float plans against values that transformers computed.
@Suite(.serialized)
struct ReferenceValueTests {
  /// Largest difference, as a share of the tensor's largest magnitude.
  private static let tolerance: Float = 1e-5

  private func values<Element: BitwiseCopyable>(
    _ name: String, of file: SafetensorsFile, as type: Element.Type
  ) throws -> [Element] {
    let tensor = try #require(file[name], "no tensor \(name)")
    return file.withBytes(of: tensor) { bytes in
      (0..<tensor.elementCount).map {
        bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Element>.stride, as: type)
      }
    }
  }

  private func rows(_ ids: [Int32], of length: Int) -> [[UInt32]] {
    stride(from: 0, to: ids.count, by: length).map { ids[$0..<($0 + length)].map { UInt32($0) } }
  }

  @Test(arguments: Fixtures.models)
  func everyIntermediateAgrees(_ name: String) throws {
    let expected = try SafetensorsFile(path: Fixtures.model(name) + "/expected.safetensors")
    let ids = try values("input_ids", of: expected, as: Int32.self)
    let sequences = rows(ids, of: try #require(expected["input_ids"]).shape[1])
    let plan = try PlanOrModel(Fixtures.model(name), threads: 2).plan
    try withTemporaryDirectory { directory in
      let path = directory + "/logits.safetensors"
      try LogitsExport(plan, threads: 2).write(sequences, to: path, hidden: true)
      let found = try SafetensorsFile(path: path)
      let compared = Set(expected.tensors.map(\.name)).subtracting(["input_ids", "greedy"])
      #expect(Set(found.tensors.map(\.name)) == compared)
      for tensor in compared.sorted() {
        #expect(found[tensor]?.shape == expected[tensor]?.shape, "\(tensor)")
        let reference = try values(tensor, of: expected, as: Float.self)
        let differences = zip(reference, try values(tensor, of: found, as: Float.self)).map { abs($0 - $1) }
        let largest = reference.map(abs).max() ?? 0
        #expect(differences.allSatisfy { $0 <= largest * Self.tolerance }, "\(tensor)")
      }
    }
  }

  /// With its residual stream rotated a float plan gives the same logits, and the export turns the stream back; the
  /// final norm lacks its gain, which moved into the head.
  @Test(arguments: Fixtures.models, [nil, 11])
  func rotatedStreamAgrees(_ name: String, _ signs: Int?) throws {
    var recipe = Recipe(name: "rotated")
    recipe.rotation = Recipe.Rotation(kind: .residual, signs: signs)
    let expected = try SafetensorsFile(path: Fixtures.model(name) + "/expected.safetensors")
    let ids = try values("input_ids", of: expected, as: Int32.self)
    let sequences = rows(ids, of: try #require(expected["input_ids"]).shape[1])
    try withTemporaryDirectory { directory in
      let path = directory + "/logits.safetensors"
      try LogitsExport(try compiledPlan(Fixtures.model(name), recipe), threads: 2)
        .write(sequences, to: path, hidden: true)
      let found = try SafetensorsFile(path: path)
      for tensor in Set(expected.tensors.map(\.name)).subtracting(["input_ids", "greedy", "final_norm"]) {
        let reference = try values(tensor, of: expected, as: Float.self)
        let differences = zip(reference, try values(tensor, of: found, as: Float.self)).map { abs($0 - $1) }
        let largest = max(1, reference.map(abs).max() ?? 0)
        #expect(differences.count == reference.count, "\(tensor)")
        #expect(differences.allSatisfy { $0 <= largest * 1e-4 }, "\(tensor)")
      }
    }
  }

  @Test(arguments: Fixtures.models)
  func greedyTokensAreTheSame(_ name: String) throws {
    let expected = try SafetensorsFile(path: Fixtures.model(name) + "/expected.safetensors")
    let ids = try values("greedy", of: expected, as: Int32.self).map { UInt32($0) }
    let generator = try TextGenerator(
      plan: try compiledPlan(Fixtures.model(name), .float32), options: ContextOptions(threads: 1))
    var found: [UInt32] = []
    let request = GenerationRequest(prompt: Array(ids[..<8]), tokenLimit: 32, ignoresEnd: true)
    _ = try generator.generate(request) { id, _ in
      if let id { found.append(id) }
      return true
    }
    #expect(found == Array(ids[8...]))
  }

  @Test
  func withoutHiddenOnlyLogitsAreWritten() throws {
    let plan = try PlanOrModel(Fixtures.model("mamba-f32"), threads: 1).plan
    try withTemporaryDirectory { directory in
      let path = directory + "/logits.safetensors"
      try LogitsExport(plan, threads: 1).write([[1, 2, 3], [4, 5, 6]], to: path, hidden: false)
      let found = try SafetensorsFile(path: path)
      #expect(found.tensors.map(\.name) == ["logits"] && found["logits"]?.shape == [2, 3, 384])
    }
  }
}
