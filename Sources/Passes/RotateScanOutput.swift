import IR

extension Pass {
  /// A Hadamard rotation between a scan, or a gated product, and the projection that reads it, undone by that
  /// projection's weight.
  public static let rotateScanOutput = Pass(
    name: "rotate-scan-output",
    summary:
      "Rotates the scan's output, and the gated product of an MLP, by a Hadamard matrix and folds the inverse into the projection that reads it; where a norm follows the scan, its gain moves there too, and what is rotated is the norm's output.",
    requires: .folded ... .folded, produces: .rotated, promise: .equivalent(1e-5),
    isNeeded: { $0.rotation.kind != .none }
  ) { rewriter in
    var place = 0
    for value in rewriter.before.values {
      let node = rewriter.before[value]
      if node.op == .linear, isRotated(node.operands[0], rewriter) {
        place += 1
        try rotateInput(of: value, place: place, &rewriter)
      } else if leavesGain(value, rewriter) {
        rewriter.copyWithoutGain(value)
      } else {
        rewriter.copy(value)
      }
    }
  }

  /// Whether a value is rotated where a linear layer reads it: a scan's output, the norm of one, or a gated product.
  private static func isRotated(_ value: ValueID, _ rewriter: Rewriter) -> Bool {
    [.selectiveScan, .gate].contains(rewriter.before[value].op) || isNormOfScan(value, rewriter)
  }

  private static func isNormOfScan(_ value: ValueID, _ rewriter: Rewriter) -> Bool {
    let node = rewriter.before[value]
    return node.op == .rmsNorm && rewriter.before[node.operands[0]].op == .selectiveScan
  }

  /// Whether a value is the norm of a scan's output whose gain moves into the weights that read it.
  ///
  /// Not where the recipe rotates nothing and calibration does all the same: what the recipe quantizes has the gain.
  private static func leavesGain(_ value: ValueID, _ rewriter: Rewriter) -> Bool {
    rewriter.recipe.rotation.kind != .none && isNormOfScan(value, rewriter) && rewriter.canFoldGain(of: value)
  }

  /// Puts a rotation before a linear layer, and its inverse into the layer's weight.
  private static func rotateInput(of value: ValueID, place: Int, _ rewriter: inout Rewriter) throws {
    let node = rewriter.before[value]
    let name = rewriter.before[node.operands[0]].name
    let attributes = rewriter.hadamardAttributes(for: node.operands[0])
    var input = rewriter.image(node.operands[0])
    var weight =
      leavesGain(node.operands[0], rewriter)
      ? try rewriter.gainedWeight(of: value) : rewriter.image(node.operands[1])
    if let signs = rewriter.rotationSigns(place: place, name: name, for: node.operands[0]) {
      input = try rewriter.emit(.scaleChannels, [input, signs], name: "\(name)_signed", for: value)
      weight = try rewriter.emit(
        .scaleColumns, [weight, signs], name: "\(node.name).weight.signed", for: value)
    }
    let rotated = try rewriter.emit(.hadamard, [input], attributes, name: "\(name)_rotated", for: value)
    weight = try rewriter.emit(.rotateColumns, [weight], attributes, name: "\(node.name).weight", for: value)
    rewriter.copy(value, operands: [rotated, weight] + node.operands.dropFirst(2).map(rewriter.image))
  }
}
