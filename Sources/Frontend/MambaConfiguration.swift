import Diagnostics
import Tokenization

/// Sizes and settings of a model, and the names that differ between layouts.
struct MambaConfiguration {
  /// Name of the architecture in plans.
  let architecture: String
  let width: Int
  let inner: Int
  let layers: Int
  let states: Int
  let taps: Int
  let rank: Int
  /// How the inner width is divided; nil for Mamba-1, whose channels stand for themselves.
  let heads: HeadLayout?
  /// Rows of the embedding, padding included.
  let vocabulary: Int
  let epsilon: Float
  /// The norms' epsilon between the selective projection and the scan; nil where there are no such norms.
  let selectionEpsilon: Float?
  let hasBias: Bool
  let hasConvolutionBias: Bool
  /// Whether the head is the embedding; nil where the config does not say.
  let isTied: Bool?
  /// Names in the checkpoint.
  let names: CheckpointNames
  /// Attention, MLPs and experts; nil for a model of nothing but Mamba blocks.
  let hybrid: HybridLayout?

  /// Reads the config of a family.
  init(_ family: ModelFamily, _ config: inout ConfigReader) {
    switch family {
    case .mamba: self.init(transformers: &config, architecture: "mamba")
    case .mamba2: self.init(transformers: &config, architecture: "mamba2", hasHeads: true)
    case .falconMamba:
      let epsilon = Float(config.positive("mixer_rms_eps", default: 1e-6))
      self.init(transformers: &config, architecture: "falcon_mamba", selectionEpsilon: epsilon)
    case .jamba: self.init(jamba: &config)
    case .original: self.init(original: &config)
    }
  }

  /// Reads a config as transformers writes it.
  private init(
    transformers config: inout ConfigReader, architecture: String, selectionEpsilon: Float? = nil,
    hasHeads: Bool = false
  ) {
    self.architecture = architecture
    self.selectionEpsilon = selectionEpsilon
    width = config.size("hidden_size")
    vocabulary = config.size("vocab_size", limit: TokenizerTables.maximumVocabulary)
    layers = config.size("num_hidden_layers", limit: ModelLimits.layers)
    states = config.size("state_size", limit: ModelLimits.states)
    taps = config.size("conv_kernel", limit: ModelLimits.taps)
    let expand = config.optionalSize("expand", limit: 256) ?? 2
    inner = config.optionalSize("intermediate_size") ?? expand * width
    heads = hasHeads ? HeadLayout(transformers: &config, inner: inner) : nil
    rank = config.optionalSize("time_step_rank", automatic: "auto") ?? (width + 15) / 16
    epsilon = Float(config.positive("layer_norm_epsilon", default: 1e-5))
    hasBias = config.flag("use_bias", default: false)
    hasConvolutionBias = config.flag("use_conv_bias", default: true)
    isTied = config.contains("tie_word_embeddings") ? config.flag("tie_word_embeddings", default: true) : nil
    names = .transformers
    hybrid = nil
    if let activation = config.string("hidden_act"), !["silu", "swish"].contains(activation) {
      config.report(
        "hidden_act", "'\(activation)' is not supported", hint: "supported: silu", code: .unsupportedModel)
    }
  }

  /// Settings of `ssm_cfg` that are read, and those that only decide how training begins.
  private static let knownSettings: Set<String> = [
    "layer", "d_state", "d_conv", "expand", "dt_rank", "bias", "conv_bias", "dt_min", "dt_max", "dt_init",
    "dt_scale", "dt_init_floor", "use_fast_path",
  ]

  /// The kinds of layers that are supported, the usual one first.
  private static let layers = ["Mamba1", "Mamba2"]

  /// Reads a config as the authors' package writes it; what it leaves out has that package's defaults.
  private init(original config: inout ConfigReader) {
    selectionEpsilon = nil
    width = config.size("d_model")
    layers = config.size("n_layer", limit: ModelLimits.layers)
    let multiple = config.optionalSize("pad_vocab_size_multiple", limit: 1 << 16) ?? 8
    let size = config.size("vocab_size", limit: TokenizerTables.maximumVocabulary)
    vocabulary = (size + multiple - 1) / multiple * multiple
    if vocabulary > TokenizerTables.maximumVocabulary {
      config.report(
        "pad_vocab_size_multiple",
        "\(size) tokens become \(vocabulary), more than \(TokenizerTables.maximumVocabulary)")
    }
    epsilon = 1e-5
    isTied = config.flag("tie_embeddings", default: true)
    names = .original
    hybrid = nil
    Self.refuseVariants(&config)
    let width = width
    (states, taps, inner, rank, heads, hasBias, hasConvolutionBias) = config.nested("ssm_cfg") { settings in
      let hasHeads = Self.layerKind(&settings) == "Mamba2"
      let inner = (settings.optionalSize("expand", limit: 256) ?? 2) * width
      return (
        settings.optionalSize("d_state", limit: ModelLimits.states) ?? (hasHeads ? 128 : 16),
        settings.optionalSize("d_conv", limit: ModelLimits.taps) ?? 4,
        inner,
        settings.optionalSize("dt_rank", automatic: "auto") ?? (width + 15) / 16,
        hasHeads ? HeadLayout(original: &settings, inner: inner) : nil,
        settings.flag("bias", default: false), settings.flag("conv_bias", default: true)
      )
    }
    architecture = heads == nil ? "mamba" : "mamba2"
  }

  private static func refuseVariants(_ config: inout ConfigReader) {
    if let count = config.elementCount("attn_layer_idx"), count > 0 {
      config.report(
        "attn_layer_idx", "\(count) layer(s) are attention layers", hint: "supported: none",
        code: .unsupportedModel)
    }
    if let width = config.optionalInteger("d_intermediate"), width != 0 {
      config.report(
        "d_intermediate", "layers have MLPs of width \(width)", hint: "supported: 0, which is none",
        code: .unsupportedModel)
    }
    if !config.flag("rms_norm", default: true) {
      config.report(
        "rms_norm", "false: the norms are LayerNorms", hint: "supported: true, which is RMSNorm",
        code: .unsupportedModel)
    }
  }

  /// The kind of the layers, once that and all settings are known to be supported.
  private static func layerKind(_ settings: inout ConfigReader) -> String {
    let layer = settings.string("layer") ?? layers[0]
    guard layers.contains(layer) else {
      settings.report(
        "layer", "'\(layer)' is not supported", hint: "supported: \(layers.joined(separator: ", "))",
        code: .unsupportedModel)
      return layer
    }
    let known = layer == "Mamba2" ? HeadLayout.knownSettings : knownSettings
    for name in settings.names.filter({ !known.contains($0) }).prefix(100) {
      settings.report(
        name, "the setting is not known", hint: "known: \(known.sorted().joined(separator: ", "))",
        code: .unsupportedModel)
    }
    return layer
  }
}
