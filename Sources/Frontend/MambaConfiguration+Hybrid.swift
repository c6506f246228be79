import Diagnostics
import Tokenization

/// Names of modules that differ between layouts.
struct CheckpointNames {
  let embedding: String
  /// The list of layers.
  let layers: String
  /// The norm before the mixer, within a layer.
  let norm: String
  /// The Mamba block within a layer.
  let mixer: String
  let finalNorm: String

  static let transformers = Self(
    embedding: "backbone.embeddings", layers: "backbone.layers", norm: "norm", mixer: "mixer",
    finalNorm: "backbone.norm_f")
  static let original = Self(
    embedding: "backbone.embedding", layers: "backbone.layers", norm: "norm", mixer: "mixer",
    finalNorm: "backbone.norm_f")
  static let jamba = Self(
    embedding: "model.embed_tokens", layers: "model.layers", norm: "input_layernorm", mixer: "mamba",
    finalNorm: "model.final_layernorm")
}

/// What a hybrid has beside Mamba blocks: attention in place of some of them, and an MLP after each, some of experts.
struct HybridLayout {
  let heads: Int
  /// Heads of keys and values, each shared by as many others.
  let keyHeads: Int
  let headWidth: Int
  /// Inner width of an MLP, and of each expert.
  let mlpWidth: Int
  let experts: Int
  /// Experts that each token goes to.
  let chosen: Int
  private let attention: Every
  private let routing: Every

  /// Every so many layers, from one on.
  private struct Every {
    let period: Int
    let offset: Int

    func contains(_ layer: Int) -> Bool { layer % period == offset }
  }

  /// Whether a layer has attention in place of a Mamba block.
  func hasAttention(_ layer: Int) -> Bool { attention.contains(layer) }

  /// Whether the MLP of a layer is one of experts.
  func hasExperts(_ layer: Int) -> Bool { experts > 1 && routing.contains(layer) }

  init(_ config: inout ConfigReader, width: Int) {
    heads = config.size("num_attention_heads", limit: 1 << 16)
    keyHeads = config.optionalSize("num_key_value_heads", limit: 1 << 16) ?? heads
    headWidth = config.optionalSize("head_dim", limit: ModelLimits.headWidth) ?? max(width / heads, 1)
    mlpWidth = config.size("intermediate_size")
    experts = config.optionalSize("num_experts", limit: ModelLimits.experts) ?? 16
    chosen = config.optionalSize("num_experts_per_tok", limit: ModelLimits.experts) ?? 2
    attention = Self.every("attn_layer", (8, 4), &config)
    routing = Self.every("expert_layer", (2, 1), &config)
    if heads % keyHeads != 0 {
      config.report(
        "num_key_value_heads", "\(heads) heads cannot share the keys of \(keyHeads) in equal groups")
    }
    if !config.contains("head_dim"), width % heads != 0 {
      config.report("num_attention_heads", "\(heads) does not divide hidden_size, \(width)")
    } else if headWidth > ModelLimits.headWidth {
      config.report(
        "num_attention_heads",
        "\(heads) leave \(headWidth) channels a head, more than \(ModelLimits.headWidth)")
    }
    if chosen > experts {
      config.report("num_experts_per_tok", "\(chosen) of \(experts) experts cannot be chosen")
    }
  }

  private static func every(
    _ name: String, _ absent: (period: Int, offset: Int), _ config: inout ConfigReader
  ) -> Every {
    let period = config.optionalSize("\(name)_period") ?? absent.period
    let offset = config.optionalInteger("\(name)_offset") ?? absent.offset
    if !(0..<period).contains(offset) {
      config.report("\(name)_offset", "\(offset) is not below \(name)_period, \(period)")
    }
    return Every(period: period, offset: offset)
  }
}

extension MambaConfiguration {
  /// Reads the config of a Jamba.
  init(jamba config: inout ConfigReader) {
    architecture = "jamba"
    names = .jamba
    width = config.size("hidden_size")
    vocabulary = config.size("vocab_size", limit: TokenizerTables.maximumVocabulary)
    layers = config.size("num_hidden_layers", limit: ModelLimits.layers)
    states = config.optionalSize("mamba_d_state", limit: ModelLimits.states) ?? 16
    taps = config.optionalSize("mamba_d_conv", limit: ModelLimits.taps) ?? 4
    inner = (config.optionalSize("mamba_expand", limit: 256) ?? 2) * width
    rank = config.optionalSize("mamba_dt_rank", automatic: "auto") ?? (width + 15) / 16
    epsilon = Float(config.positive("rms_norm_eps", default: 1e-6))
    selectionEpsilon = epsilon
    hasBias = config.flag("mamba_proj_bias", default: false)
    hasConvolutionBias = config.flag("mamba_conv_bias", default: true)
    isTied = config.contains("tie_word_embeddings") ? config.flag("tie_word_embeddings", default: true) : nil
    heads = nil
    hybrid = HybridLayout(&config, width: width)
    if let activation = config.string("hidden_act"), !["silu", "swish"].contains(activation) {
      config.report(
        "hidden_act", "'\(activation)' is not supported", hint: "Jamba uses silu", code: .unsupportedModel)
    }
    let window = config.optionalInteger("sliding_window")
    if let window {
      config.report(
        "sliding_window", "attention over the last \(window) tokens is not supported",
        hint: "supported: attention over all tokens", code: .unsupportedModel)
    }
  }
}
