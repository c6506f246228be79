import Diagnostics
import Foundation
import Frontend
import IR
import JSONText
import Testing

/// The original state-spaces layout, files that torch saved, Falcon-Mamba, and what is refused.
@Suite
struct LayoutTests {
  private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures/models").path

  /// The tiny model in the original layout: 17 tokens padded to 24 rows, inner width 12, rank 1.
  private var original: TinyModel {
    var model = TinyModel()
    model.config = JSONObject([
      ("d_model", 6), ("n_layer", 2), ("vocab_size", 17), ("rms_norm", true),
      ("ssm_cfg", ["d_state": 3, "d_conv": 3, "layer": "Mamba1", "dt_min": 0.001]), ("attn_layer_idx", []),
      ("d_intermediate", 0), ("pad_vocab_size_multiple", 8),
    ])
    let sizes: [String: [Int]] = [
      "in_proj.weight": [24, 6], "conv1d.weight": [12, 1, 3], "conv1d.bias": [12], "x_proj.weight": [7, 12],
      "dt_proj.weight": [12, 1], "dt_proj.bias": [12], "A_log": [12, 3], "D": [12],
      "out_proj.weight": [6, 12],
    ]
    for layer in 0..<2 {
      for (name, shape) in sizes { model.tensors["backbone.layers.\(layer).mixer.\(name)"] = shape }
    }
    model.tensors["backbone.embeddings.weight"] = nil
    model.tensors["backbone.embedding.weight"] = [24, 6]
    return model
  }

  /// Code, place, message and hint of everything that is wrong.
  private func findings(_ model: TinyModel) throws -> [Diagnostic] {
    try model.withDirectory { directory in
      do throws(DiagnosticFailure) {
        _ = try ImportedModel(directory: directory, checksValues: true)
        return []
      } catch {
        return error.diagnostics
      }
    }
  }

  private func expectUnsupported(_ name: String, _ model: TinyModel, _ seen: String) throws {
    let found = try findings(model)
    #expect(found.map(\.code) == [.unsupportedModel], "\(found)")
    let finding = try #require(found.first)
    guard case .json(_, let path) = finding.location else {
      Issue.record("\(finding)")
      return
    }
    #expect(path == name && finding.message.contains(seen) && finding.hint != nil, "\(finding)")
  }

  @Test
  func theOriginalLayoutIsRead() throws {
    #expect(try findings(original) == [])
    let module = try original.withDirectory { try ImportedModel(directory: $0, checksValues: true).module }
    #expect(module[module.result].type.width == 24 && module.layers == 2)
    var padded = original
    padded.config["pad_vocab_size_multiple"] = 16
    #expect(try findings(padded).map(\.code) == [.wrongShape])
    padded.config["vocab_size"] = 4_000_000
    #expect(try findings(padded).map(\.code) == [.wrongShape], "4,000,000 are 250,000 times 16")
    padded.config["pad_vocab_size_multiple"] = 65_536
    #expect(try findings(padded).map(\.code) == [.badConfig])
  }

  @Test
  func variantsOfTheOriginalLayout() throws {
    let cases: [(String, JSONValue, String, String)] = [
      ("attn_layer_idx", [1], "$.attn_layer_idx", "1 layer(s)"),
      ("d_intermediate", 64, "$.d_intermediate", "64"), ("rms_norm", false, "$.rms_norm", "LayerNorm"),
      ("ssm_cfg", ["layer": "Mamba3"], "$.ssm_cfg.layer", "Mamba3"),
      ("ssm_cfg", ["d_state": 3, "d_conv": 3, "headdim": 64], "$.ssm_cfg.headdim", "not known"),
      ("model_type", "mamba3", "$.model_type", "mamba3"), ("model_type", "rwkv7", "$.model_type", "rwkv7"),
      ("bidirectional", true, "$.bidirectional", "both directions"),
      ("bimamba_type", "v2", "$.bimamba_type", "both directions"),
      ("quantization_config", ["quant_method": "gptq"], "$.quantization_config", "gptq"),
      ("compression_config", ["format": "int-quantized"], "$.compression_config", "quantized already"),
    ]
    for (name, value, path, seen) in cases {
      var model = original
      model.config[name] = value
      try expectUnsupported(path, model, seen)
    }
    var wrong = original
    wrong.config["ssm_cfg"] = ["d_state": "three", "d_conv": 3]
    let found = try findings(wrong)
    #expect(found.map(\.code) == [.badConfig] && "\(found)".contains("$.ssm_cfg.d_state"))
  }

  @Test(arguments: [
    ("backbone.layers.0.mixer.A_b_log", "bidirectional"),
    ("backbone.layers.0.mixer.in_proj.qweight", "quantized"),
    ("backbone.layers.0.mixer.in_proj.weight_scale_inv", "quantized"),
    ("backbone.layers.0.mixer.B_bias", "Mamba-3"), ("rwkv.blocks.0.attention.time_decay", "RWKV"),
  ])
  func tensorsOfOtherModels(_ name: String, _ variant: String) throws {
    var model = TinyModel()
    model.tensors[name] = [2]
    let found = try findings(model)
    #expect(found.map(\.code) == [.unsupportedModel] && found[0].message.contains(variant), "\(found)")
  }

  @Test
  func aHeadThatRepeatsTheEmbeddingIsStoredOnce() throws {
    let model = try ImportedModel(directory: "\(Self.fixtures)/mamba-original", checksValues: true)
    #expect(model.files.weights == ["pytorch_model.bin"])
    let names = model.module.nodes.filter { $0.op == .constant }.map(\.name)
    #expect(names.contains("backbone.embedding.weight") && !names.contains("lm_head.weight"))
    #expect(model.checkpoint.entry("lm_head.weight") != nil)
  }

  @Test
  func shardsThatTorchSaved() throws {
    let model = try ImportedModel(directory: "\(Self.fixtures)/falcon-mamba-bin-sharded", checksValues: true)
    #expect(model.files.weights.count == 2 && model.module.architecture == "falcon_mamba")
    let norms = model.module.nodes.filter { $0.op == .rmsNorm }
    #expect(norms.count == 2 * 4 + 1)
    #expect(
      norms.filter { $0.name.hasSuffix("mixer.dt_low") }.map { $0.attributes.real("epsilon") } == [
        1e-6, 1e-6,
      ])
  }

  @Test
  func damagedFilesThatTorchSaved() throws {
    let copy = FileManager.default.temporaryDirectory.appendingPathComponent("quamba-\(UUID().uuidString)")
    try FileManager.default.copyItem(atPath: "\(Self.fixtures)/mamba-original", toPath: copy.path)
    defer { try? FileManager.default.removeItem(at: copy) }
    let file = copy.appendingPathComponent("pytorch_model.bin")
    let whole = try Data(contentsOf: file)
    func code(_ data: Data) throws -> DiagnosticCode? {
      try data.write(to: file)
      let failure = #expect(throws: DiagnosticFailure.self) {
        try ImportedModel(directory: copy.path, checksValues: true)
      }
      #expect(failure?.diagnostics.first?.hint != nil)
      return failure?.diagnostics.first?.code
    }
    #expect(try code(whole.dropLast(30)) == .badTorchFile)
    var changed = whole
    changed[whole.count / 2] ^= 1
    #expect(try code(changed) == .badTorchFile, "a checksum is wrong")
    let legacy: [UInt8] = [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
    #expect(try code(Data(legacy + [UInt8](repeating: 0, count: 40))) == .unsupportedTorchFile)
  }
}
