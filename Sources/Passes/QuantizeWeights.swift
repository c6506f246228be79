import IR

extension Pass {
  /// Weights become codes times scales.
  public static let quantizeWeights = Pass(
    name: "quantize-weights",
    summary: "Replaces weights by their 8-bit codes times scales, per tensor or per row as the recipe says.",
    requires: .ranged ... .ranged, produces: nil, promise: .lossy, isNeeded: { $0.isQuantized }
  ) { rewriter in
    for value in rewriter.before.values {
      let node = rewriter.before[value]
      let isHead = value == rewriter.before.result
      switch node.op {
      case .linear:
        let scales = rewriter.recipe.weights.scales
        try quantizeWeight(of: value, per: isHead && scales != .none ? .channel : scales, &rewriter)
      case .conv1d: try quantizeWeight(of: value, per: rewriter.recipe.convolution, &rewriter)
      case .embedding where rewriter.recipe.embedding != .source: try quantizeTable(of: value, &rewriter)
      default: rewriter.copy(value)
      }
    }
  }

  private static func quantizeWeight(
    of value: ValueID, per granularity: Recipe.Scales, _ rewriter: inout Rewriter
  ) throws {
    guard granularity != .none else {
      rewriter.copy(value)
      return
    }
    let node = rewriter.before[value]
    let (codes, scales) = try codes(
      of: node.operands[1], per: granularity, named: node.name, for: value, &rewriter)
    let weight = try rewriter.emit(
      .dequantizeWeight, [codes, scales], name: "\(node.name).weight.dequantized", for: value)
    var operands = node.operands.map(rewriter.image)
    operands[1] = weight
    rewriter.copy(value, operands: operands)
  }

  private static func quantizeTable(of value: ValueID, _ rewriter: inout Rewriter) throws {
    let node = rewriter.before[value]
    let (codes, scales) = try codes(
      of: node.operands[1], per: .channel, named: node.name, for: value, &rewriter)
    rewriter.replace(
      value,
      by: try rewriter.emit(
        .embedding, [rewriter.image(node.operands[0]), codes, scales], name: node.name, for: value))
  }

  /// Codes and scales of a weight.
  ///
  /// One scale per tensor belongs to the checkpoint's tensor, not to a slice of it.
  private static func codes(
    of weight: ValueID, per granularity: Recipe.Scales, named name: String, for value: ValueID,
    _ rewriter: inout Rewriter
  ) throws -> (codes: ValueID, scales: ValueID) {
    let node = rewriter.before[weight]
    let measured = granularity == .tensor && node.op == .sliceRows ? node.operands[0] : weight
    let scales = try rewriter.emit(
      .weightScale, [rewriter.image(measured)],
      ["per": .string(granularity == .tensor ? "tensor" : "row")], name: "\(name).weight.scales", for: value)
    let codes = try rewriter.emit(
      .quantizeWeight, [rewriter.image(weight), scales], name: "\(name).weight.codes", for: value)
    return (codes, scales)
  }
}
