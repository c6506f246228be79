import Foundation
import JSONText
import Safetensors
import Testing

/// Model directories that cannot be compiled: each is refused by name, and nothing is lost.
@Suite(.serialized)
struct DamagedModelTests {
  /// One way to damage a model, and what the tool must say.
  struct Damage: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// The exit status.
    let code: Int32
    /// The codes of all errors, in order.
    let errors: [String]
    /// What the messages must name.
    let names: [String]
    let make: @Sendable (ModelCopy) throws -> Void

    init(
      _ description: String, _ code: Int32, _ errors: [String], _ names: [String],
      _ make: @escaping @Sendable (ModelCopy) throws -> Void
    ) {
      (testDescription, self.code, self.errors, self.names, self.make) = (
        description, code, errors, names, make
      )
    }
  }

  private func expectRefusal(of model: String, _ damage: Damage) throws {
    let place = try TemporaryDirectory()
    let copy = try ModelCopy(of: model, in: place.path)
    try damage.make(copy)
    let results = try TemporaryDirectory()
    try results.write("plan", "what was here before")
    let outcome = try Program.quamba.run(
      ["compile", copy.directory, "-o", results.path("plan"), "--progress", "none"] + Fixtures.little)
    #expect(outcome.code == damage.code, "\(outcome.errors)")
    #expect(outcome.errorCodes == damage.errors, "\(outcome.errors)")
    for name in damage.names { #expect(outcome.errors.contains(name), "\(name) in\n\(outcome.errors)") }
    #expect(outcome.hasOnlyFindings, "\(outcome.errors)")
    #expect(outcome.output.isEmpty)
    #expect(try results.names == ["plan"])
    #expect(try results.text("plan") == "what was here before")
  }

  @Test(arguments: configs + files)
  func configOrFile(_ damage: Damage) throws {
    try expectRefusal(of: Fixtures.model("mamba-f32"), damage)
  }

  @Test(arguments: tensors)
  func tensor(_ damage: Damage) throws { try expectRefusal(of: Fixtures.model("mamba-f32"), damage) }

  @Test(arguments: shards)
  func shard(_ damage: Damage) throws {
    try expectRefusal(of: Fixtures.model("mamba-bf16-sharded"), damage)
  }

  @Test(arguments: tokenizers)
  func tokenizer(_ damage: Damage) throws { try expectRefusal(of: Fixtures.example, damage) }

  @Test
  func missingDirectory() throws {
    let outcome = try Program.quamba.run(["compile", "/nowhere/at/all", "-o", "/nowhere-either"])
    #expect(outcome.code == 66 || outcome.code == 73)
    let inspected = try Program.quamba.run(["inspect", "/nowhere/at/all"])
    #expect(inspected.code == 66 && inspected.errorCodes == ["missing-file"])
    #expect(inspected.errors.contains("/nowhere/at/all"))
  }

  static let configs: [Damage] = [
    Damage("no config", 66, ["missing-file"], ["config.json"]) { try $0.remove("config.json") },
    Damage("config is not JSON", 65, ["bad-json"], ["config.json", "line 1, column"]) {
      try $0.write("config.json", "{\"model_type\": mamba}")
    },
    Damage("config is an array", 65, ["bad-config"], ["config.json"]) { try $0.write("config.json", "[]") },
    Damage("config has a name twice", 65, ["bad-json"], ["vocab_size"]) {
      try $0.write("config.json", #"{"vocab_size": 1, "vocab_size": 2}"#)
    },
    Damage(
      "several fields are wrong", 65, Array(repeating: "bad-config", count: 4),
      ["$.hidden_size", "$.vocab_size", "$.state_size", "$.use_bias"]
    ) { model in
      try model.edit("config.json") {
        $0["hidden_size"] = "wide"
        $0["vocab_size"] = nil
        $0["state_size"] = 0
        $0["use_bias"] = 3
      }
    },
    Damage("a size is huge", 65, ["bad-config"], ["$.intermediate_size"]) { model in
      try model.edit("config.json") { $0["intermediate_size"] = 9_007_199_254_740_993 }
    },
    Damage(
      "a product of three sizes is huge", 65, Array(repeating: "bad-config", count: 3),
      ["$.state_size: 16777216 is not between 1 and 256", "$.conv_kernel", "$.n_groups"]
    ) { model in
      try model.edit("config.json") {
        $0["model_type"] = "mamba2"
        for name in ["intermediate_size", "num_heads", "n_groups", "state_size", "conv_kernel"] {
          $0[name] = .integer(1 << 24)
        }
        $0["head_dim"] = 1
      }
    },
    Damage("unknown architecture", 69, ["unsupported-model"], ["'llama'", "hint: supported"]) { model in
      try model.edit("config.json") { $0["model_type"] = "llama" }
    },
    Damage("no architecture", 69, ["unsupported-model"], ["$.model_type"]) { model in
      try model.edit("config.json") { $0["model_type"] = nil }
    },
    Damage("other activation", 69, ["unsupported-model"], ["'gelu'"]) { model in
      try model.edit("config.json") { $0["hidden_act"] = "gelu" }
    },
    Damage(
      "quantized already", 69, ["unsupported-model"], ["quantization_config", "hint: give the original"]
    ) {
      try $0.edit("config.json") { $0["quantization_config"] = ["quant_method": "gptq"] }
    },
  ]

  static let files: [Damage] = [
    Damage("no weights", 66, ["missing-file"], ["model.safetensors", "hint: weights may be"]) {
      try $0.remove("model.safetensors")
    },
    Damage("weights are cut", 65, ["bad-safetensors"], ["model.safetensors"]) {
      try $0.cut("model.safetensors", to: 900_000)
    },
    Damage("header is cut", 65, ["bad-safetensors"], ["model.safetensors"]) {
      try $0.cut("model.safetensors", to: 100)
    },
    Damage("weights are empty", 65, ["bad-safetensors"], ["model.safetensors"]) {
      try $0.cut("model.safetensors", to: 0)
    },
    Damage("weights are a text", 65, ["bad-safetensors"], ["model.safetensors"]) {
      try $0.write("model.safetensors", "version https://git-lfs.github.com/spec/v1\nsize 970128\n")
    },
  ]

  static let tensors: [Damage] = [
    Damage(
      "missing, extra and misshaped at once", 65, ["missing-tensor", "wrong-shape", "extra-tensor"],
      ["backbone.layers.1.mixer.D", "backbone.layers.2.norm.weight", "surprise", "[96, 1]", "[96]"]
    ) { model in
      try model.editTensors { tensors in
        tensors.removeAll { $0.name == "backbone.layers.1.mixer.D" }
        tensors.edit("backbone.layers.2.norm.weight") { $0.shape = [96, 1] }
        tensors.append(
          ModelCopy.Tensor(name: "surprise", element: .f32, shape: [2], bytes: Array(repeating: 0, count: 8)))
      }
    },
    Damage("integers", 65, ["wrong-type"], ["backbone.layers.0.mixer.D", "I64", "F32, F16 or BF16"]) {
      model in
      try model.editTensors { tensors in
        tensors.edit("backbone.layers.0.mixer.D") {
          $0.element = .i64
          $0.bytes = Array(repeating: 0, count: 8 * 192)
        }
      }
    },
    Damage(
      "a NaN and an infinity", 65, ["non-finite", "non-finite"],
      ["backbone.layers.0.mixer.A_log", "backbone.norm_f.weight"]
    ) { model in
      try model.editTensors { tensors in
        tensors.edit("backbone.layers.0.mixer.A_log") {
          $0.bytes.replaceSubrange(40..<44, with: [0, 0, 0xC0, 0x7F])
        }
        tensors.edit("backbone.norm_f.weight") {
          $0.bytes.replaceSubrange(380..<384, with: [0, 0, 0x80, 0xFF])
        }
      }
    },
    Damage("weights that overflow", 65, ["non-finite"], ["a NaN or an infinity", "hint"]) { model in
      try model.editTensors { tensors in
        tensors.edit("backbone.embeddings.weight") { tensor in
          let huge: [UInt8] = [0xE6, 0xB1, 0x61, 0x7F]
          tensor.bytes.replaceSubrange(0..<384, with: (0..<96).flatMap { _ in huge })
        }
      }
    },
    Damage("other sizes in the config", 65, Array(repeating: "wrong-shape", count: 5), ["[384, 96]"]) {
      model in
      try model.edit("config.json") { $0["hidden_size"] = 128 }
      try model.edit("config.json") { $0["num_hidden_layers"] = 1 }
      try model.editTensors { tensors in
        tensors.removeAll { $0.name.hasPrefix("backbone.layers.1") || $0.name.hasPrefix("backbone.layers.2") }
      }
    },
    Damage(
      "fewer layers in the config", 65, Array(repeating: "extra-tensor", count: 10), ["backbone.layers.2."]
    ) {
      try $0.edit("config.json") { $0["num_hidden_layers"] = 2 }
    },
    Damage("an untied head is missing", 65, ["missing-tensor"], ["lm_head.weight"]) { model in
      try model.edit("config.json") { $0["tie_word_embeddings"] = false }
    },
  ]

  private static let index = "model.safetensors.index.json"
  private static let second = "model-00002-of-00005.safetensors"

  static let shards: [Damage] = [
    Damage(
      "two shards are missing", 66, ["missing-shard", "missing-shard"],
      [second, "model-00004", "hint: download"]
    ) {
      try $0.remove(second)
      try $0.remove("model-00004-of-00005.safetensors")
    },
    Damage("a shard outside of the directory", 65, ["bad-index"], ["'../x.safetensors'"]) { model in
      try model.edit(index) { object in
        guard case .object(var map)? = object["weight_map"] else { return }
        map["backbone.norm_f.weight"] = "../x.safetensors"
        object["weight_map"] = .object(map)
      }
    },
    Damage("an absolute shard", 65, ["bad-index"], ["'/etc/passwd'"]) { model in
      try model.edit(index) { $0["weight_map"] = ["a": "/etc/passwd"] }
    },
    Damage("the index lists nothing", 65, ["bad-index"], ["lists no shard"]) { model in
      try model.edit(index) { $0["weight_map"] = .object([]) }
    },
    Damage("the index is not JSON", 65, ["bad-json"], [index]) { try $0.write(index, "{") },
    Damage("the index has no map", 65, ["bad-index"], ["weight_map"]) { try $0.write(index, "{}") },
    Damage("a shard is cut", 65, ["bad-safetensors"], [second]) { try $0.cut(second, to: 1000) },
  ]

  private static let tokenizerFile = "tokenizer.json"

  static let tokenizers: [Damage] = [
    Damage("the tokenizer is garbage", 65, ["bad-tokenizer"], [tokenizerFile, "line 1"]) {
      try $0.write(tokenizerFile, "\u{1}garbage")
    },
    Damage("the tokenizer is cut", 65, ["bad-tokenizer"], [tokenizerFile]) {
      try $0.cut(tokenizerFile, to: 5000)
    },
    Damage(
      "a tokenizer of another kind", 69, ["unsupported-tokenizer"], ["'Unigram'", "hint: supported: BPE"]
    ) {
      try $0.edit(tokenizerFile) { $0["model"] = ["type": "Unigram", "vocab": []] }
    },
    Damage("another normalizer", 69, ["unsupported-tokenizer"], ["'Lowercase'"]) { model in
      try model.edit(tokenizerFile) { $0["normalizer"] = ["type": "Lowercase"] }
    },
    Damage("ids beyond the vocabulary", 65, ["bad-tokenizer"], ["4095", "vocabulary of 4000", "hint:"]) {
      model in
      try model.edit("config.json") { $0["vocab_size"] = 4000 }
      try model.editTensors { tensors in
        tensors.edit("backbone.embeddings.weight") {
          $0.shape[0] = 4000
          $0.bytes.removeLast(96 * 384 * 2)
        }
      }
    },
  ]
}
