import Diagnostics
import IR

/// Imports Mamba-1 in Hugging Face layout (`model_type` "mamba").
struct MambaImporter {
  private let width: Int
  private let inner: Int
  private let layers: Int
  private let states: Int
  private let taps: Int
  private let rank: Int
  private let vocabulary: Int
  private let epsilon: Float
  private let hasBias: Bool
  private let hasConvolutionBias: Bool
  private let isTied: Bool?
  private var builder = ModuleBuilder(pass: "import")
  private var tensors: TensorImport

  /// Reads the sizes from the config.
  init(config: inout ConfigReader, tensors: TensorImport) {
    width = config.size("hidden_size")
    vocabulary = config.size("vocab_size")
    layers = config.size("num_hidden_layers", limit: 4096)
    states = config.size("state_size")
    taps = config.size("conv_kernel")
    let expand = config.optionalSize("expand", limit: 256) ?? 2
    inner = config.optionalSize("intermediate_size") ?? expand * width
    rank = config.optionalSize("time_step_rank", automatic: "auto") ?? (width + 15) / 16
    epsilon = Float(config.positive("layer_norm_epsilon", default: 1e-5))
    hasBias = config.flag("use_bias", default: false)
    hasConvolutionBias = config.flag("use_conv_bias", default: true)
    isTied = config.contains("tie_word_embeddings") ? config.flag("tie_word_embeddings", default: true) : nil
    if let activation = config.string("hidden_act"), !["silu", "swish"].contains(activation) {
      config.report(
        "hidden_act", "'\(activation)' is not supported", hint: "Mamba uses silu", code: .unsupportedModel)
    }
    self.tensors = tensors
  }

  /// Builds the module.
  /// - Parameter checksValues: whether every weight is read and must be finite.
  /// - Throws: `DiagnosticFailure` with everything that is wrong with the tensors.
  mutating func build(checksValues: Bool) throws -> Module {
    let table = tensors.constant("backbone.embeddings.weight", [vocabulary, width], &builder)
    let tokens = try builder.emit(.tokens, name: "tokens", origin: "input")
    var residual = try builder.emit(
      .embedding, [tokens, table], name: "embedding", origin: "backbone.embeddings")
    for layer in 0..<layers { residual = try buildLayer(layer, residual) }
    let result = try buildHead(residual, table)
    tensors.reportExtraTensors()
    if checksValues { tensors.reportNonFiniteTensors() }
    if !tensors.findings.isEmpty { throw DiagnosticFailure(tensors.findings) }
    return Module(
      architecture: "mamba", layers: layers, stage: .imported, nodes: builder.nodes, result: result)
  }

  private mutating func buildLayer(_ layer: Int, _ residual: ValueID) throws -> ValueID {
    let block = LayerNames(layer)
    let gain = tensors.constant("\(block.origin).norm.weight", [width], &builder)
    let norm = try builder.emit(
      .rmsNorm, [residual, gain], ["epsilon": .real(epsilon)], name: block.value("norm"),
      origin: "\(block.origin).norm")
    let mixed = try buildMixer(block, norm)
    return try builder.emit(.add, [residual, mixed], name: block.value("residual"), origin: block.origin)
  }

  private mutating func buildMixer(_ block: LayerNames, _ norm: ValueID) throws -> ValueID {
    let projected = try project(block, "in_proj", norm, [2 * inner, width], hasBias: hasBias)
    let x = try slice(block, "x", projected, start: 0, count: inner, of: "in_proj")
    let z = try slice(block, "z", projected, start: inner, count: inner, of: "in_proj")
    let u = try buildConvolution(block, x)
    let selection = try project(block, "x_proj", u, [rank + 2 * states, inner], hasBias: false)
    let low = try slice(block, "dt_low", selection, start: 0, count: rank, of: "x_proj")
    let b = try slice(block, "b", selection, start: rank, count: states, of: "x_proj")
    let c = try slice(block, "c", selection, start: rank + states, count: states, of: "x_proj")
    let dt = try project(block, "dt_proj", low, [inner, rank], hasBias: false, name: "dt")
    let logarithm = tensors.constant(block.tensor("A_log"), [inner, states], &builder)
    let a = try builder.emit(
      .negativeExp, [logarithm], name: block.value("mixer.a"), origin: block.tensor("A_log"))
    let d = tensors.constant(block.tensor("D"), [inner], &builder)
    let step = tensors.constant(block.tensor("dt_proj.bias"), [inner], &builder)
    let y = try builder.emit(
      .selectiveScan, [u, dt, b, c, z, a, d, step], name: block.value("mixer.y"), origin: block.mixer)
    return try project(block, "out_proj", y, [width, inner], hasBias: hasBias, name: "out")
  }

  private mutating func buildConvolution(_ block: LayerNames, _ x: ValueID) throws -> ValueID {
    let raw = tensors.constant(block.tensor("conv1d.weight"), [inner, 1, taps], &builder)
    let weight = try builder.emit(
      .reshape, [raw], ["rows": .integer(inner)], name: block.value("mixer.conv1d.weight"),
      origin: block.tensor("conv1d.weight"))
    var operands = [x, weight]
    if hasConvolutionBias {
      operands.append(tensors.constant(block.tensor("conv1d.bias"), [inner], &builder))
    }
    let convolved = try builder.emit(
      .conv1d, operands, name: block.value("mixer.conv1d"), origin: block.tensor("conv1d"))
    return try builder.emit(.silu, [convolved], name: block.value("mixer.u"), origin: block.mixer)
  }

  private mutating func project(
    _ block: LayerNames, _ tensor: String, _ input: ValueID, _ shape: [Int], hasBias: Bool,
    name: String? = nil
  ) throws -> ValueID {
    var operands = [input, tensors.constant(block.tensor("\(tensor).weight"), shape, &builder)]
    if hasBias { operands.append(tensors.constant(block.tensor("\(tensor).bias"), [shape[0]], &builder)) }
    return try builder.emit(
      .linear, operands, name: block.value("mixer.\(name ?? tensor)"), origin: block.tensor(tensor))
  }

  private mutating func slice(
    _ block: LayerNames, _ name: String, _ value: ValueID, start: Int, count: Int, of projection: String
  ) throws -> ValueID {
    try builder.emit(
      .slice, [value], ["start": .integer(start), "count": .integer(count)],
      name: block.value("mixer.\(name)"),
      origin: block.tensor(projection))
  }

  /// The head's weight is `lm_head` where present, otherwise the embedding unless the config denies it.
  private mutating func buildHead(_ residual: ValueID, _ table: ValueID) throws -> ValueID {
    let selected = try builder.emit(.selectRows, [residual], name: "selected", origin: "backbone.norm_f")
    let gain = tensors.constant("backbone.norm_f.weight", [width], &builder)
    let norm = try builder.emit(
      .rmsNorm, [selected, gain], ["epsilon": .real(epsilon)], name: "norm_f", origin: "backbone.norm_f")
    let head: ValueID
    if tensors.has("lm_head.weight") || isTied == false {
      head = tensors.constant("lm_head.weight", [vocabulary, width], &builder)
    } else {
      head = table
    }
    return try builder.emit(.linear, [norm, head], name: "logits", origin: "lm_head")
  }
}

/// Names of one layer in the checkpoint and in the IR.
private struct LayerNames {
  let origin: String
  let mixer: String
  private let prefix: String

  init(_ layer: Int) {
    origin = "backbone.layers.\(layer)"
    mixer = "\(origin).mixer"
    prefix = "layers.\(layer)"
  }

  func tensor(_ name: String) -> String { "\(mixer).\(name)" }
  func value(_ name: String) -> String { "\(prefix).\(name)" }
}
