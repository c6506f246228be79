import Diagnostics
import Frontend
import IR
import JSONText
import Testing

/// Mamba-2: its config in both layouts, and what is refused.
@Suite
struct HeadLayoutTests {
  /// Three heads of 4 channels, 3 groups, 5 states.
  private var model: TinyModel {
    var model = TinyModel()
    model.config = JSONObject([
      ("model_type", "mamba2"), ("hidden_size", 6), ("num_hidden_layers", 2), ("state_size", 5),
      ("conv_kernel", 3), ("vocab_size", 17), ("num_heads", 3), ("head_dim", 4), ("n_groups", 3),
      ("norm_before_gate", true), ("rms_norm", false), ("chunk_size", 256),
    ])
    model.tensors = Self.tensors(groups: 3, states: 5)
    return model
  }

  /// The same in the original layout, with one group.
  private var original: TinyModel {
    var model = TinyModel()
    model.config = JSONObject([
      ("d_model", 6), ("n_layer", 2), ("vocab_size", 17), ("pad_vocab_size_multiple", 1),
      ("ssm_cfg", ["layer": "Mamba2", "d_state": 5, "d_conv": 3, "headdim": 4, "chunk_size": 64]),
    ])
    model.tensors = Self.tensors(groups: 1, states: 5)
    model.tensors["backbone.embedding.weight"] = model.tensors.removeValue(
      forKey: "backbone.embeddings.weight")
    return model
  }

  private static func tensors(groups: Int, states: Int) -> [String: [Int]] {
    let convolved = 12 + 2 * groups * states
    let mixer: [String: [Int]] = [
      "in_proj.weight": [12 + convolved + 3, 6], "conv1d.weight": [convolved, 1, 3],
      "conv1d.bias": [convolved], "dt_bias": [3], "A_log": [3], "D": [3], "norm.weight": [12],
      "out_proj.weight": [6, 12],
    ]
    var tensors = ["backbone.embeddings.weight": [17, 6], "backbone.norm_f.weight": [6]]
    for layer in ["backbone.layers.0.", "backbone.layers.1."] {
      tensors[layer + "norm.weight"] = [6]
      for (name, shape) in mixer { tensors[layer + "mixer." + name] = shape }
    }
    return tensors
  }

  private func scan(_ model: TinyModel) throws -> Node {
    let module = try model.withDirectory { try ImportedModel(directory: $0, checksValues: true).module }
    #expect(module.architecture == "mamba2" && module.layers == 2)
    return try #require(module.nodes.first { $0.op == .selectiveScan })
  }

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

  @Test
  func bothLayouts() throws {
    #expect(try scan(model).attributes == ["groups": .integer(3)])
    #expect(try scan(original).attributes == [:])
  }

  private static let spellings: [(JSONValue, low: Float?, high: Float?)] = [
    ([0.0, .number(.infinity)], nil, nil), ([0.0, "Infinity"], nil, nil),
    ([0.0, ["__float__": "Infinity"]], nil, nil), (.null, nil, nil), ([0, 1], nil, 1),
    ([0, .null], nil, nil), ([0.001, 0.1], 0.001, 0.1), ([0.5, "inf"], 0.5, nil), ([-1.0, 0.25], nil, 0.25),
  ]

  @Test
  func limitsOfTheTimeStep() throws {
    for (value, low, high) in Self.spellings {
      var model = model
      model.config["time_step_limit"] = value
      let attributes = try scan(model).attributes
      #expect(attributes.real("minimum") == low && attributes.real("maximum") == high, "\(value)")
      var other = original
      other.config["ssm_cfg"] = [
        "layer": "Mamba2", "d_state": 5, "d_conv": 3, "headdim": 4, "dt_limit": value,
      ]
      #expect(try scan(other).attributes.real("maximum") == high, "\(value)")
    }
  }

  @Test
  func limitsThatAreNone() throws {
    for value: JSONValue in [[0.1], [1, 0], "Infinity", 7, [0, "large"], [.number(.nan), 1], [0, 1, 2]] {
      var model = model
      model.config["time_step_limit"] = value
      let found = try findings(model)
      #expect(found.map(\.code) == [.badConfig] && "\(found)".contains("time_step_limit"), "\(value)")
    }
  }

  @Test
  func sizesThatDoNotFit() throws {
    for (name, value) in [("head_dim", 5), ("num_heads", 4), ("n_groups", 2), ("n_groups", 0)] {
      var model = model
      model.config[name] = .integer(Int64(value))
      let found = try findings(model)
      #expect(Set(found.map(\.code)) == [.badConfig], "\(name) \(value): \(found)")
    }
    var fewer = model
    fewer.config["n_groups"] = 1
    #expect(try Set(findings(fewer).map(\.code)) == [.wrongShape])
  }

  @Test
  func variants() throws {
    let cases: [(String, JSONValue)] = [
      ("d_ssm", 8), ("rmsnorm", false), ("norm_before_gate", true), ("D_has_hdim", true), ("dt_rank", 2),
    ]
    for (name, value) in cases {
      var model = original
      var settings = JSONObject([("layer", "Mamba2"), ("d_state", 5), ("d_conv", 3), ("headdim", 4)])
      settings[name] = value
      model.config["ssm_cfg"] = .object(settings)
      let found = try findings(model)
      #expect(found.map(\.code) == [.unsupportedModel], "\(name): \(found)")
      #expect(found.allSatisfy { "\($0.location)".contains("$.ssm_cfg.\(name)") && $0.hint != nil })
    }
  }
}
