import Diagnostics
import IR

extension Pass {
  /// Range moves from activations into the columns of the weights that contract them (method: §6, SmoothQuant).
  public static let smoothActivations = Pass(
    name: "smooth-activations",
    summary:
      "Divides the channels of activations that products contract by factors that even out their ranges, and multiplies the weights' columns by the same factors.",
    requires: .folded ... .rotated, produces: nil, promise: .equivalent(1e-5), needsRanges: true,
    isNeeded: { $0.smoothing != nil && $0.weights.scales != .none }
  ) { rewriter in
    var smoothed: [ValueID: Smoothed] = [:]
    for value in rewriter.before.values where !rewriter.isRewritten(value) {
      let node = rewriter.before[value]
      var operands = node.isConstant ? nil : node.operands.map(rewriter.image)
      if node.op == .linear, let input = smoothed[node.operands[0]] {
        operands?[0] = input.image
        operands?[1] = try rewriter.changingColumns(
          of: node.operands[1], name: "\(node.name).smoothed", for: value
        ) { rewriter, weight, name in
          try rewriter.emit(.scaleColumns, [weight, input.factors], name: name, for: value)
        }
      }
      if let factors = try factors(for: value, &rewriter) {
        smoothed[value] = try smooth(value, operands: operands, factors, &rewriter)
      } else {
        rewriter.copy(value, operands: operands)
      }
    }
  }

  /// A smoothed activation, and what the columns that read it are multiplied by.
  private struct Smoothed {
    let image: ValueID
    let factors: ValueID
  }

  /// The products that contract a value, where it is to be smoothed.
  private static func readers(of value: ValueID, _ rewriter: Rewriter) -> [ValueID] {
    guard let smoothing = rewriter.recipe.smoothing,
      let tensorClass = Recipe.TensorClass(ofTensor: rewriter.before[value].name),
      smoothing.classes.contains(tensorClass)
    else { return [] }
    return rewriter.uses[value.index].filter { user in
      rewriter.before[user].operands.first == value
        && ActivationUse(of: user, operand: 0, rewriter) == .contracted
    }
  }

  /// The constant of the factors of a value's channels, nil where it is not smoothed.
  ///
  /// They follow from the ranges after clipping, so a clip cuts off the same magnitude as without smoothing.
  private static func factors(for value: ValueID, _ rewriter: inout Rewriter) throws -> ValueID? {
    let (node, readers) = (rewriter.before[value], readers(of: value, rewriter))
    guard let strength = rewriter.recipe.smoothing?.strength, !readers.isEmpty,
      let range = rewriter.ranges[node.name], range.channels.count == node.type.width
    else { return nil }
    let maxima = range.channels.map { min($0, range.clipped ?? range.maximum) }
    let activations = rewriter.constant(
      .values(maxima), [node.type.width], name: "\(node.name).maxima", for: value)
    var columns: [ValueID] = []
    for reader in readers {
      let weight = rewriter.hoist(rewriter.before[reader].operands[1])
      columns = [
        try rewriter.emit(
          .columnMax, [weight] + columns, name: "\(rewriter.before[reader].name).columns", for: value)
      ]
    }
    return try rewriter.emit(
      .smoothingFactors, [activations] + columns, ["strength": .real(Float(strength))],
      name: "\(node.name).smoothing", for: value)
  }

  /// Divides a value by its factors: in the rows of the weight whose product writes it as codes, where only smoothed
  /// products read it, else channel by channel.
  private static func smooth(
    _ value: ValueID, operands: [ValueID]?, _ factors: ValueID, _ rewriter: inout Rewriter
  ) throws -> Smoothed {
    let node = rewriter.before[value]
    let inverse = try rewriter.emit(
      .reciprocal, [factors], name: "\(node.name).smoothing.inverse", for: value)
    guard node.op == .linear, rewriter.recipe.contractsCodes(value, in: rewriter.before),
      readers(of: value, rewriter) == rewriter.uses[value.index], var operands
    else {
      let image = rewriter.copy(value, operands: operands)
      let smoothed = try rewriter.emit(
        .scaleChannels, [image, inverse], name: "\(node.name).smoothed", for: value)
      return Smoothed(image: smoothed, factors: factors)
    }
    for index in operands.indices.dropFirst() {
      let name = "\(rewriter.built(operands[index]).name).smoothed"
      operands[index] = try rewriter.emit(.scaleRows, [operands[index], inverse], name: name, for: value)
    }
    return Smoothed(image: rewriter.copy(value, operands: operands), factors: factors)
  }
}
