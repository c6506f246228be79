import IR

extension Pass {
  /// Weights become codes times scales.
  public static let quantizeWeights = Pass(
    name: "quantize-weights",
    summary:
      "Replaces weights by their codes times scales, of 8 bits per tensor or per row or of 4 bits in groups, as the recipe says.",
    requires: .ranged ... .ranged, produces: nil, promise: .lossy, isNeeded: { $0.isQuantized }
  ) { rewriter in
    let recipe = rewriter.recipe
    for value in rewriter.before.values {
      switch rewriter.before[value].op {
      case .linear:
        let weights =
          hasIntegerProduct(value, rewriter) ? recipe.weights(ofLinear: value, in: rewriter.before) : nil
        try quantizeWeight(of: value, weights, &rewriter)
      case .conv1d:
        var weights = recipe.weights(ofConvolution: value, in: rewriter.before)
        weights?.bits = 8
        try quantizeWeight(of: value, weights, &rewriter)
      case .embedding where recipe.quantizesTable(of: value, in: rewriter.before):
        try quantizeTable(of: value, &rewriter)
      default: rewriter.copy(value)
      }
    }
  }

  /// Whether a linear layer reads codes, or floats as the head may; any other stays a product of floats.
  private static func hasIntegerProduct(_ linear: ValueID, _ rewriter: Rewriter) -> Bool {
    let module = rewriter.before
    return module[module[linear].operands[0]].op == .dequantize
      || rewriter.recipe.readsFloats(linear, in: module)
  }

  private static func quantizeWeight(
    of value: ValueID, _ weights: Recipe.Weights?, _ rewriter: inout Rewriter
  ) throws {
    guard let weights else {
      rewriter.copy(value)
      return
    }
    let node = rewriter.before[value]
    let parts =
      weights.bits == 4
      ? try groupedCodes(of: node.operands[1], weights, named: node.name, for: value, &rewriter)
      : try codes(of: node.operands[1], weights, named: node.name, for: value, &rewriter)
    let weight = try rewriter.emit(
      .dequantizeWeight, parts, name: "\(node.name).weight.dequantized", for: value)
    var operands = node.operands.map(rewriter.image)
    operands[1] = weight
    rewriter.copy(value, operands: operands)
  }

  private static func quantizeTable(of value: ValueID, _ rewriter: inout Rewriter) throws {
    let node = rewriter.before[value]
    var weights = Recipe.Weights()
    weights.scales = .channel
    let parts = try codes(of: node.operands[1], weights, named: node.name, for: value, &rewriter)
    rewriter.replace(
      value,
      by: try rewriter.emit(
        .embedding, [rewriter.image(node.operands[0])] + parts, name: node.name, for: value))
  }

  /// Codes and scales of a weight.
  ///
  /// One scale per tensor belongs to the checkpoint's tensor, not to a slice of it.
  private static func codes(
    of weight: ValueID, _ weights: Recipe.Weights, named name: String, for value: ValueID,
    _ rewriter: inout Rewriter
  ) throws -> [ValueID] {
    let node = rewriter.before[weight]
    let isWhole = weights.scales == .tensor
    let measured = isWhole && node.op == .sliceRows ? node.operands[0] : weight
    var attributes: Attributes = ["per": .string(isWhole ? "tensor" : "row")]
    if weights.clip != .maximum { attributes["clip"] = .string(weights.clip.description) }
    let scales = try rewriter.emit(
      .weightScale, [rewriter.image(measured)], attributes, name: "\(name).weight.scales", for: value)
    let codes = try rewriter.emit(
      .quantizeWeight, [rewriter.image(weight), scales], name: "\(name).weight.codes", for: value)
    return [codes, scales]
  }

  /// Codes of 4 bits, scales of the rows and factors of the groups of a weight.
  private static func groupedCodes(
    of weight: ValueID, _ weights: Recipe.Weights, named name: String, for value: ValueID,
    _ rewriter: inout Rewriter
  ) throws -> [ValueID] {
    let image = rewriter.image(weight)
    let clip: Attributes =
      weights.clip == .maximum ? [:] : ["clip": .string(weights.clip.description)]
    var grouped = clip
    grouped["per"] = .string("group")
    let scales = try rewriter.emit(
      .weightScale, [image], grouped, name: "\(name).weight.scales", for: value)
    let factors = try rewriter.emit(
      .groupFactors, [image, scales], clip, name: "\(name).weight.factors", for: value)
    let codes = try rewriter.emit(
      .quantizeWeight, [image, scales, factors], name: "\(name).weight.codes", for: value)
    return [codes, scales, factors]
  }
}
