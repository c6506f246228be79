import IR

extension Pass {
  /// Products of dequantized codes become integer products.
  public static let lowerToInt8 = Pass(
    name: "lower-to-int8",
    summary:
      "Turns linear layers with quantized weights into products over the codes that scale, add and requantize once, at their end.",
    requires: .ranged ... .ranged, produces: .quantized, promise: .equivalent(0.05),
    isNeeded: { $0.isQuantized }
  ) { rewriter in
    for value in rewriter.before.values {
      let node = rewriter.before[value]
      if let product = IntegerProduct(value, rewriter) {
        if product.absorbingQuantize(rewriter) == nil {
          rewriter.replace(value, by: try product.emit(as: value, &rewriter))
        }
      } else if node.op == .quantize, let product = IntegerProduct(node.operands[0], rewriter),
        product.absorbingQuantize(rewriter) == value
      {
        rewriter.replace(value, by: try product.emit(as: value, &rewriter))
      } else {
        rewriter.copy(value)
      }
    }
  }
}

/// A linear layer whose weight is dequantized codes, and whose input is dequantized codes of one scale, or floats.
private struct IntegerProduct {
  private let value: ValueID
  private let input: ValueID
  private let codes: ValueID
  private let scales: ValueID
  private let factors: ValueID?
  private let bias: ValueID?
  private let inputScale: Float

  init?(_ value: ValueID, _ rewriter: Rewriter) {
    let module = rewriter.before
    let node = module[value]
    guard node.op == .linear, module[node.operands[1]].op == .dequantizeWeight else { return nil }
    if module[node.operands[0]].op == .dequantize {
      input = module[node.operands[0]].operands[0]
      guard case .perTensor(let scale)? = module[input].type.scale else { return nil }
      inputScale = scale
    } else {
      input = node.operands[0]
      inputScale = 1
    }
    self.value = value
    codes = module[node.operands[1]].operands[0]
    scales = module[node.operands[1]].operands[1]
    factors = module[node.operands[1]].operands.dropFirst(2).first
    bias = node.operands.count > 2 ? node.operands[2] : nil
  }

  /// The quantize node to 8 bits that is the only reader of the product, if there is one.
  func absorbingQuantize(_ rewriter: Rewriter) -> ValueID? {
    let readers = rewriter.uses[value.index]
    guard value != rewriter.before.result, readers.count == 1, rewriter.before[readers[0]].op == .quantize,
      rewriter.before[readers[0]].type.element == .i8
    else { return nil }
    return readers[0]
  }

  /// Emits the integer product in place of the linear layer, or of the quantize node that reads it.
  func emit(as replaced: ValueID, _ rewriter: inout Rewriter) throws -> ValueID {
    let (name, outputs) = (rewriter.before[replaced].name, rewriter.before[value].type.width)
    var scale: Scale?
    var attributes: Attributes = ["input": .real(inputScale), "rows": .integer(outputs)]
    var biasAttributes: Attributes = [:]
    var outputScales: [ValueID] = []
    switch rewriter.before[replaced].type.scale {
    case nil: break
    case .perTensor(let step):
      scale = .perTensor(step)
      attributes["output"] = .real(step)
      biasAttributes["output"] = .real(step)
    case .perChannel(let steps):
      outputScales = [rewriter.image(steps)]
      scale = .perChannel(outputScales[0])
    }
    let multiplier = try rewriter.emit(
      .requantizeMultiplier, [rewriter.image(scales)] + outputScales, attributes, name: "\(name).multiplier",
      for: value)
    let offset = try biasConstant(name, outputs, outputScales, biasAttributes, &rewriter)
    return try rewriter.emit(
      .linearInt8,
      [rewriter.image(input), rewriter.image(codes), multiplier, offset]
        + (factors.map { [rewriter.image($0)] } ?? []),
      name: name, for: value, scale: scale)
  }

  private func biasConstant(
    _ name: String, _ outputs: Int, _ outputScales: [ValueID], _ attributes: Attributes,
    _ rewriter: inout Rewriter
  ) throws -> ValueID {
    guard let bias else { return rewriter.constant(.zero, [outputs], name: "\(name).bias", for: value) }
    return try rewriter.emit(
      .requantizeBias, [rewriter.image(bias)] + outputScales, attributes, name: "\(name).bias", for: value)
  }
}
