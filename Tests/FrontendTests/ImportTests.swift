import Diagnostics
import Foundation
import Frontend
import IR
import JSONText
import Safetensors
import Testing

/// Model directories become modules, or are refused with everything that is wrong.
@Suite
struct ImportTests {
  private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures/models").path

  private func module(_ model: TinyModel, shards: Int = 1) throws -> Module {
    try model.withDirectory(shards: shards) { try ImportedModel(directory: $0, checksValues: true).module }
  }

  private func constants(_ module: Module) -> [String: ValueType] {
    Dictionary(uniqueKeysWithValues: module.nodes.filter { $0.op == .constant }.map { ($0.name, $0.type) })
  }

  /// Code and place of everything that is wrong, in order.
  private func findings(_ model: TinyModel) throws -> [String] {
    try model.withDirectory { directory in
      do throws(DiagnosticFailure) {
        _ = try ImportedModel(directory: directory, checksValues: true)
        return []
      } catch {
        return error.diagnostics.map { finding in
          switch finding.location {
          case .json(_, let path): "\(finding.code.name) \(path)"
          case .tensor(let name, _): "\(finding.code.name) \(name)"
          default: "\(finding.code.name) \(finding.location)"
          }
        }
      }
    }
  }

  @Test(arguments: [
    ("mamba-f32", ElementType.f32, 3, 384), ("mamba-bf16-sharded", .bf16, 2, 512),
    ("mamba-f16-untied", .f16, 2, 301),
  ])
  func fixtures(_ name: String, _ element: ElementType, _ layers: Int, _ vocabulary: Int) throws {
    let model = try ImportedModel(directory: "\(Self.fixtures)/\(name)/", checksValues: true)
    #expect(model.module.layers == layers && model.module.stage == .imported)
    #expect(model.module[model.module.result].type.width == vocabulary)
    let types = constants(model.module)
    #expect(types["backbone.embeddings.weight"]?.element == element)
    #expect((types["lm_head.weight"] != nil) == (name == "mamba-f16-untied"))
    #expect(model.checkpoint.names.count == types.count)
    #expect(try Module(parsing: model.module.text).text == model.module.text)
  }

  @Test(arguments: [false, true], [false, true])
  func biases(_ hasBias: Bool, _ hasConvolutionBias: Bool) throws {
    let model = TinyModel(hasBias: hasBias, hasConvolutionBias: hasConvolutionBias)
    let types = constants(try module(model))
    #expect(Set(types.keys) == Set(model.tensors.keys))
    var other = model
    other.config["use_bias"] = .bool(!hasBias)
    let kind = hasBias ? "extra-tensor" : "missing-tensor"
    let expected = ["0", "1"].flatMap { layer in
      ["in_proj", "out_proj"].map { "\(kind) backbone.layers.\(layer).mixer.\($0).bias" }
    }
    #expect(try findings(other) == expected)
  }

  @Test
  func sizesThatTheConfigLeavesOut() throws {
    var model = TinyModel()
    model.config["intermediate_size"] = nil
    model.config["time_step_rank"] = "auto"
    model.config["expand"] = 1
    for (name, shape) in model.tensors where shape.contains(10) || name.hasSuffix("in_proj.weight") {
      model.tensors[name] = shape.map { $0 == 10 ? 6 : $0 == 20 ? 12 : $0 }
    }
    for layer in 0..<2 {
      model.tensors["backbone.layers.\(layer).mixer.x_proj.weight"] = [7, 6]
      model.tensors["backbone.layers.\(layer).mixer.dt_proj.weight"] = [6, 1]
    }
    #expect(try findings(model) == [])
  }

  @Test
  func heads() throws {
    var model = TinyModel()
    model.config["tie_word_embeddings"] = false
    #expect(try findings(model) == ["missing-tensor lm_head.weight"])
    model.tensors["lm_head.weight"] = [17, 6]
    #expect(try constants(module(model))["lm_head.weight"] != nil)
  }

  @Test
  func shardsAreOneModel() throws {
    let model = TinyModel()
    let whole = try module(model)
    for shards in [2, 5] { #expect(try module(model, shards: shards) == whole) }
    let values = try model.withDirectory(shards: 3) { directory in
      let checkpoint = try ImportedModel(directory: directory, checksValues: true).checkpoint
      var values = [Float](repeating: 0, count: 4)
      try values.withUnsafeMutableBufferPointer {
        try checkpoint.read("backbone.norm_f.weight", 1..<5, into: $0)
      }
      return values
    }
    let first = Float("backbone.norm_f.weight".utf8.count)
    #expect(values == (1...4).map { (first + Float($0)) / 64 })
  }

  @Test
  func infinitiesInTheConfigAreAccepted() throws {
    var model = TinyModel()
    model.config["time_step_limit"] = [0.0, ["__float__": "Infinity"]]
    model.config["time_step_max"] = "Infinity"
    #expect(try findings(model) == [])
  }

  @Test
  func everyFieldOfTheConfigIsChecked() throws {
    let sizes = ["hidden_size", "num_hidden_layers", "state_size", "conv_kernel", "vocab_size"]
    for wrong: JSONValue in [0, -1, 1.5, "six", [], 99_999_999_999] {
      var model = TinyModel()
      for name in sizes + ["intermediate_size", "time_step_rank"] { model.config[name] = wrong }
      #expect(
        try Set(findings(model))
          == Set((sizes + ["intermediate_size", "time_step_rank"]).map { "bad-config $.\($0)" }))
    }
    var model = TinyModel()
    for (size, expected): (Int64, [String]) in [(4_000_000, []), (4_000_001, ["bad-config $.vocab_size"])] {
      model.config["vocab_size"] = .integer(size)
      #expect(try findings(model).filter { $0.hasPrefix("bad-config") } == expected)
    }
    for name in sizes { model.config[name] = nil }
    #expect(try Set(findings(model)) == Set(sizes.map { "bad-config $.\($0)" }))
    model = TinyModel()
    model.config["layer_norm_epsilon"] = -1
    model.config["use_bias"] = "yes"
    model.config["tie_word_embeddings"] = 0
    #expect(
      try findings(model) == [
        "bad-config $.layer_norm_epsilon", "bad-config $.use_bias", "bad-config $.tie_word_embeddings",
      ])
  }

  @Test
  func sizesThatOverflowAreNoCrash() throws {
    var model = TinyModel()
    model.config["hidden_size"] = 16_777_216
    model.config["intermediate_size"] = nil
    model.config["expand"] = 256
    #expect(try !findings(model).isEmpty)
    model.config["num_hidden_layers"] = 4096
    #expect(try !findings(model).isEmpty)
  }

  /// Sizes of which the product of three does not fit 64 bits.
  @Test
  func countsHaveLimitsOfTheirOwn() throws {
    var model = TinyModel()
    let counts = ["state_size", "conv_kernel", "n_groups"]
    for name in ["hidden_size", "intermediate_size", "num_heads"] + counts {
      model.config[name] = .integer(1 << 24)
    }
    model.config["model_type"] = "mamba2"
    model.config["head_dim"] = 1
    #expect(try findings(model) == counts.map { "bad-config $.\($0)" })
    for (name, limit) in zip(counts, [ModelLimits.states, ModelLimits.taps, ModelLimits.groups]) {
      model.config[name] = .integer(Int64(limit))
    }
    #expect(try findings(model).allSatisfy { !$0.hasPrefix("bad-config") })
  }

  private static func hybrid(_ fields: [(String, JSONValue)]) -> TinyModel {
    var model = TinyModel()
    model.config = JSONObject([
      ("model_type", "jamba"), ("hidden_size", 8), ("vocab_size", 8), ("num_hidden_layers", 4096),
      ("num_attention_heads", 1), ("intermediate_size", 8), ("num_experts", 256),
      ("expert_layer_period", 1), ("expert_layer_offset", 0),
    ])
    for (name, value) in fields { model.config[name] = value }
    return model
  }

  @Test
  func countsOfHybrids() throws {
    let names = ["num_experts", "num_experts_per_tok", "mamba_d_state", "mamba_d_conv", "head_dim"]
    for name in names {
      #expect(try findings(Self.hybrid([(name, 257)])).contains("bad-config $.\(name)"))
    }
    let wide = Self.hybrid([("hidden_size", 257), ("num_experts", 2)])
    #expect(try findings(wide) == ["bad-config $.num_attention_heads"])
  }

  /// A small config asks for three million tensors.
  @Test
  func manyMissingTensorsEndTheImport() throws {
    let failure = try Self.hybrid([]).withDirectory { directory in
      #expect(throws: DiagnosticFailure.self) { try ImportedModel(directory: directory, checksValues: true) }
    }
    let found = try #require(failure).diagnostics
    #expect(found.count == 1001 && found.prefix(1000).allSatisfy { $0.code == .missingTensor })
    #expect(found.last?.severity == .note && found.last?.message == "the import ended after 1000 problems")
    #expect(failure?.exitStatus == .badData)
  }

  @Test
  func shardsAreFilesOfTheDirectory() throws {
    // Each mark joins the byte before it to one character.
    let stems = ["x/\u{301}y", "/\u{301}y", ".\u{301}y", "..\u{301}/y", "../y", ".y"]
    let names = stems.map { $0 + ".safetensors" }
    try TinyModel().withDirectory { directory in
      let map = JSONObject(names.enumerated().map { ("t\($0)", JSONValue.string($1)) })
      let index = JSONText.encode(["weight_map": .object(map)])
      try Data(index.utf8).write(to: URL(fileURLWithPath: directory + "/model.safetensors.index.json"))
      let failure = #expect(throws: DiagnosticFailure.self) { try ModelFiles(directory: directory) }
      #expect(failure?.diagnostics.map(\.code) == names.map { _ in DiagnosticCode.badIndex })
    }
  }

  @Test
  func tensorsOfTheWrongType() throws {
    var model = TinyModel()
    model.element = .i8
    let all = Set(model.tensors.keys.map { "wrong-type \($0)" })
    #expect(try Set(findings(model)) == all)
  }

  @Test
  func weightsThatCannotBeOpenedAreNotCalledMalformed() throws {
    try TinyModel().withDirectory { directory in
      let path = directory + "/model.safetensors"
      let files = try ModelFiles(directory: directory)
      func code() -> String? {
        let failure = #expect(throws: DiagnosticFailure.self) { try Checkpoint(files) }
        return failure?.diagnostics.first?.code.name
      }
      try FileManager.default.removeItem(atPath: path)
      #expect(code() == "missing-file")
      try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: path)
      #expect(code() == "io-failed", "a link to itself cannot be followed")
      try FileManager.default.removeItem(atPath: path)
      try Data("{}".utf8).write(to: URL(fileURLWithPath: path))
      #expect(code() == "bad-safetensors")
    }
  }

  @Test
  func aTensorThatNothingReadsIsNotReadEither() throws {
    var model = TinyModel()
    model.tensors["backbone.layers.2.norm.weight"] = [6]
    model.tensors["model.embed_tokens.weight"] = [17, 6]
    let expected = ["extra-tensor backbone.layers.2.norm.weight", "extra-tensor model.embed_tokens.weight"]
    #expect(try findings(model) == expected)
  }
}
