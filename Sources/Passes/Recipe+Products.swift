import IR

/// What a recipe makes of the operations of a module; names are those before `assign-ranges`.
extension Recipe {
  /// How the weight of a linear layer becomes codes; nil where it stays float whatever the layer's input is.
  func weights(ofLinear linear: ValueID, in module: Module) -> Weights? {
    guard !isRouter(linear, in: module) else { return nil }
    var usual = weights
    if linear == module.result && usual.scales != .none { usual.scales = .channel }
    if linear == module.result || steersScan(linear, in: module) { usual.bits = 8 }
    var weights = weights(TensorNames.weight(of: linear, in: module), usual: usual)
    let inputs = module[module[linear].operands[1]].type.width
    if readsFloats(linear, in: module) || inputs > Quantizer.groupedInputs { weights?.bits = 8 }
    return weights
  }

  /// Whether Δ, B or C of a scan come from a linear layer, through nothing but slices, norms and products.
  private func steersScan(_ linear: ValueID, in module: Module) -> Bool {
    var value = linear
    while let index = module.nodes[(value.index + 1)...].firstIndex(where: { $0.operands.contains(value) }) {
      let reader = module.nodes[index]
      switch reader.op {
      case .selectiveScan: return reader.operands[1...3].contains(value)
      case .slice, .rmsNorm, .linear, .scaleChannels, .quantize, .dequantize: value = ValueID(index)
      default: return false
      }
    }
    return false
  }

  /// Whether a linear layer tells which experts rows go to; it stays float, lest rounding send them elsewhere.
  private func isRouter(_ linear: ValueID, in module: Module) -> Bool {
    let reader = module.nodes[(linear.index + 1)...].first { $0.operands.contains(linear) }
    return reader?.op == .route
  }

  /// Whether a linear layer's input is codes, so that it becomes an integer product.
  func contractsCodes(_ linear: ValueID, in module: Module) -> Bool {
    guard weights(ofLinear: linear, in: module) != nil, !readsFloats(linear, in: module) else { return false }
    return !keeps([TensorNames.input(of: linear, in: module)])
  }

  /// Whether a linear layer with 8-bit weights reads floats, as the head may.
  func readsFloats(_ linear: ValueID, in module: Module) -> Bool {
    linear == module.result && headInput == .float32
  }

  /// How the weight of a convolution becomes codes; nil where it stays float.
  func weights(ofConvolution node: ValueID, in module: Module) -> Weights? {
    var usual = Weights()
    usual.scales = convolution
    return weights(TensorNames.weight(of: node, in: module), usual: usual)
  }

  /// Whether the table of an embedding becomes codes.
  func quantizesTable(of embedding: ValueID, in module: Module) -> Bool {
    self.embedding != .source && !keeps(TensorNames.weight(of: embedding, in: module))
  }
}
