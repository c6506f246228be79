import IR

/// Layers of hybrids: a mixer, Mamba or attention, and an MLP, each after a norm of its own.
extension MambaImporter {
  mutating func buildLayer(_ layer: Int, _ residual: ValueID, _ hybrid: HybridLayout) throws -> ValueID {
    let block = LayerNames(layer, model.names)
    let norm = try norm(block, block.norm, residual, name: "norm")
    let mixed =
      hybrid.hasAttention(layer)
      ? try buildAttention(block, norm, hybrid) : try buildMixer(block, norm)
    let sum = try builder.emit(.add, [residual, mixed], name: block.value("mixed"), origin: block.origin)
    let second = try self.norm(block, "\(block.origin).pre_ff_layernorm", sum, name: "mlp.norm")
    return hybrid.hasExperts(layer)
      ? try buildExperts(block, sum, second, hybrid) : try buildMLP(block, sum, second, hybrid)
  }

  private mutating func norm(
    _ block: LayerNames, _ module: String, _ input: ValueID, name: String
  ) throws -> ValueID {
    let gain = tensors.constant("\(module).weight", [model.width], &builder)
    return try builder.emit(
      .rmsNorm, [input, gain], ["epsilon": .real(model.epsilon)], name: block.value(name), origin: module)
  }

  private mutating func linear(
    _ block: LayerNames, _ module: String, _ input: ValueID, _ shape: [Int], name: String
  ) throws -> ValueID {
    let weight = tensors.constant("\(block.origin).\(module).weight", shape, &builder)
    return try builder.emit(
      .linear, [input, weight], name: block.value(name), origin: "\(block.origin).\(module)")
  }

  private mutating func buildAttention(
    _ block: LayerNames, _ norm: ValueID, _ hybrid: HybridLayout
  ) throws -> ValueID {
    let (queries, keys) = (hybrid.heads * hybrid.headWidth, hybrid.keyHeads * hybrid.headWidth)
    var projected: [ValueID] = []
    for (name, width) in [("q", queries), ("k", keys), ("v", keys)] {
      projected.append(
        try linear(
          block, "self_attn.\(name)_proj", norm, [width, model.width], name: "attention.\(name)"))
    }
    let attended = try builder.emit(
      .attention, projected,
      [
        "heads": .integer(hybrid.heads), "key_heads": .integer(hybrid.keyHeads),
        "scale": .real(1 / Float(hybrid.headWidth).squareRoot()),
      ], name: block.value("attention.attended"), origin: "\(block.origin).self_attn")
    return try linear(
      block, "self_attn.o_proj", attended, [model.width, queries], name: "attention.out")
  }

  private mutating func buildMLP(
    _ block: LayerNames, _ residual: ValueID, _ norm: ValueID, _ hybrid: HybridLayout
  ) throws -> ValueID {
    let down = try gatedMLP(block, "feed_forward", norm, hybrid, name: "mlp")
    return try builder.emit(.add, [residual, down], name: block.value("residual"), origin: block.origin)
  }

  /// down(up · SiLU(gate)), without the sum that it goes into.
  private mutating func gatedMLP(
    _ block: LayerNames, _ module: String, _ input: ValueID, _ hybrid: HybridLayout, name: String
  ) throws -> ValueID {
    let shape = [hybrid.mlpWidth, model.width]
    let gate = try linear(block, "\(module).gate_proj", input, shape, name: "\(name).gate")
    let up = try linear(block, "\(module).up_proj", input, shape, name: "\(name).up")
    let h = try builder.emit(
      .gate, [up, gate], name: block.value("\(name).h"), origin: "\(block.origin).\(module)")
    return try linear(
      block, "\(module).down_proj", h, [model.width, hybrid.mlpWidth], name: "\(name).down")
  }

  private mutating func buildExperts(
    _ block: LayerNames, _ residual: ValueID, _ norm: ValueID, _ hybrid: HybridLayout
  ) throws -> ValueID {
    let origin = "\(block.origin).feed_forward"
    let router = try linear(
      block, "feed_forward.router", norm, [hybrid.experts, model.width], name: "mlp.router")
    let routes = try builder.emit(
      .route, [router], ["count": .integer(hybrid.chosen)], name: block.value("mlp.routes"), origin: origin)
    var sum = residual
    for expert in 0..<hybrid.experts {
      let name = "mlp.experts.\(expert)"
      let number: Attributes = ["expert": .integer(expert)]
      let rows = try builder.emit(
        .dispatch, [norm, routes], number, name: block.value("\(name).norm"), origin: origin)
      let down = try gatedMLP(block, "feed_forward.experts.\(expert)", rows, hybrid, name: name)
      sum = try builder.emit(
        .combine, [sum, down, routes], number,
        name: block.value(expert + 1 == hybrid.experts ? "residual" : "\(name).sum"), origin: origin)
    }
    return sum
  }
}
