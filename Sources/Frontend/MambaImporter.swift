import Diagnostics
import IR

/// Imports Mamba, Mamba-2, Falcon-Mamba and Jamba.
struct MambaImporter {
  let model: MambaConfiguration
  var builder = ModuleBuilder(pass: "import")
  var tensors: TensorImport

  /// An importer of a model from a checkpoint.
  init(_ model: MambaConfiguration, tensors: TensorImport) {
    self.model = model
    self.tensors = tensors
  }

  /// Builds the module.
  /// - Parameter checksValues: whether every weight is read and must be finite.
  /// - Throws: `DiagnosticFailure` with everything that is wrong with the tensors.
  mutating func build(checksValues: Bool) throws -> Module {
    let table = tensors.constant(
      "\(model.names.embedding).weight", [model.vocabulary, model.width], &builder)
    let tokens = try builder.emit(.tokens, name: "tokens", origin: "input")
    var residual = try builder.emit(
      .embedding, [tokens, table], name: "embedding", origin: model.names.embedding)
    for layer in 0..<model.layers {
      residual =
        try model.hybrid.map { try buildLayer(layer, residual, $0) } ?? buildLayer(layer, residual)
      try tensors.endIfHopeless()
    }
    let result = try buildHead(residual, table)
    tensors.reportExtraTensors()
    if checksValues { tensors.reportBadValues() }
    if !tensors.findings.isEmpty { throw DiagnosticFailure(tensors.findings) }
    return Module(
      architecture: model.architecture, layers: model.layers, stage: .imported, nodes: builder.nodes,
      result: result)
  }

  private mutating func buildLayer(_ layer: Int, _ residual: ValueID) throws -> ValueID {
    let block = LayerNames(layer, model.names)
    let gain = tensors.constant("\(block.norm).weight", [model.width], &builder)
    let norm = try builder.emit(
      .rmsNorm, [residual, gain], ["epsilon": .real(model.epsilon)], name: block.value("norm"),
      origin: block.norm)
    let mixed = try model.heads.map { try buildMixer(block, norm, heads: $0) } ?? buildMixer(block, norm)
    return try builder.emit(.add, [residual, mixed], name: block.value("residual"), origin: block.origin)
  }

  mutating func buildMixer(_ block: LayerNames, _ norm: ValueID) throws -> ValueID {
    let projected = try project(
      block, "in_proj", norm, [2 * model.inner, model.width], hasBias: model.hasBias)
    let x = try slice(block, "x", projected, start: 0, count: model.inner, of: "in_proj")
    let z = try slice(block, "z", projected, start: model.inner, count: model.inner, of: "in_proj")
    let u = try buildConvolution(block, x)
    let selection = try project(
      block, "x_proj", u, [model.rank + 2 * model.states, model.inner], hasBias: false)
    let low = try select(block, "dt_low", selection, start: 0, count: model.rank)
    let b = try select(block, "b", selection, start: model.rank, count: model.states)
    let c = try select(block, "c", selection, start: model.rank + model.states, count: model.states)
    let dt = try project(block, "dt_proj", low, [model.inner, model.rank], hasBias: false, name: "dt")
    let logarithm = tensors.constant(block.tensor("A_log"), [model.inner, model.states], &builder)
    let a = try builder.emit(
      .negativeExp, [logarithm], name: block.value("mixer.a"), origin: block.tensor("A_log"))
    let d = tensors.constant(block.tensor("D"), [model.inner], &builder)
    let step = tensors.constant(block.tensor("dt_proj.bias"), [model.inner], &builder)
    let y = try builder.emit(
      .selectiveScan, [u, dt, b, c, z, a, d, step], name: block.value("mixer.y"), origin: block.mixer)
    return try project(block, "out_proj", y, [model.width, model.inner], hasBias: model.hasBias, name: "out")
  }

  private mutating func buildConvolution(_ block: LayerNames, _ x: ValueID) throws -> ValueID {
    let raw = tensors.constant(block.tensor("conv1d.weight"), [model.inner, 1, model.taps], &builder)
    let weight = try builder.emit(
      .reshape, [raw], ["rows": .integer(model.inner)], name: block.value("mixer.conv1d.weight"),
      origin: block.tensor("conv1d.weight"))
    var operands = [x, weight]
    if model.hasConvolutionBias {
      operands.append(tensors.constant(block.tensor("conv1d.bias"), [model.inner], &builder))
    }
    let convolved = try builder.emit(
      .conv1d, operands, name: block.value("mixer.conv1d"), origin: block.tensor("conv1d"))
    return try builder.emit(.silu, [convolved], name: block.value("mixer.u"), origin: block.mixer)
  }

  mutating func project(
    _ block: LayerNames, _ tensor: String, _ input: ValueID, _ shape: [Int], hasBias: Bool,
    name: String? = nil
  ) throws -> ValueID {
    var operands = [input, tensors.constant(block.tensor("\(tensor).weight"), shape, &builder)]
    if hasBias { operands.append(tensors.constant(block.tensor("\(tensor).bias"), [shape[0]], &builder)) }
    return try builder.emit(
      .linear, operands, name: block.value("mixer.\(name ?? tensor)"), origin: block.tensor(tensor))
  }

  mutating func slice(
    _ block: LayerNames, _ name: String, _ value: ValueID, start: Int, count: Int, of projection: String
  ) throws -> ValueID {
    try builder.emit(
      .slice, [value], ["start": .integer(start), "count": .integer(count)],
      name: block.value("mixer.\(name)"),
      origin: block.tensor(projection))
  }

  /// What a part of the selective projection becomes: itself, or its norm where the model has one.
  private mutating func select(
    _ block: LayerNames, _ name: String, _ selection: ValueID, start: Int, count: Int
  ) throws -> ValueID {
    guard let epsilon = model.selectionEpsilon else {
      return try slice(block, name, selection, start: start, count: count, of: "x_proj")
    }
    let part = try slice(block, "\(name)_raw", selection, start: start, count: count, of: "x_proj")
    let origin = block.tensor("x_proj")
    let norm = block.tensor("\(name == "dt_low" ? "dt" : name)_layernorm.weight")
    let gain =
      model.hybrid != nil
      ? tensors.constant(norm, [count], &builder)
      : builder.constant(
        .splat(1), type: ValueType(.f32, [count]), name: block.value("mixer.\(name).gain"), origin: origin)
    return try builder.emit(
      .rmsNorm, [part, gain], ["epsilon": .real(epsilon)], name: block.value("mixer.\(name)"), origin: origin)
  }

  /// The head's weight is `lm_head` where present, otherwise the embedding unless the config denies it; two that are
  /// equal are one.
  private mutating func buildHead(_ residual: ValueID, _ table: ValueID) throws -> ValueID {
    let selected = try builder.emit(.selectRows, [residual], name: "selected", origin: model.names.finalNorm)
    let gain = tensors.constant("\(model.names.finalNorm).weight", [model.width], &builder)
    let norm = try builder.emit(
      .rmsNorm, [selected, gain], ["epsilon": .real(model.epsilon)], name: "norm_f",
      origin: model.names.finalNorm)
    let head: ValueID
    if tensors.take("lm_head.weight", as: "\(model.names.embedding).weight") {
      head = table
    } else if tensors.has("lm_head.weight") || model.isTied == false {
      head = tensors.constant("lm_head.weight", [model.vocabulary, model.width], &builder)
    } else {
      head = table
    }
    return try builder.emit(.linear, [norm, head], name: "logits", origin: "lm_head")
  }
}

/// Names of one layer in the checkpoint and in the IR.
struct LayerNames {
  let origin: String
  let mixer: String
  let norm: String
  private let prefix: String

  init(_ layer: Int, _ names: CheckpointNames) {
    origin = "\(names.layers).\(layer)"
    mixer = "\(origin).\(names.mixer)"
    norm = "\(origin).\(names.norm)"
    prefix = "layers.\(layer)"
  }

  func tensor(_ name: String) -> String { "\(mixer).\(name)" }
  func value(_ name: String) -> String { "\(prefix).\(name)" }
}
