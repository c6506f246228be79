import IR

extension Pass {
  /// A Hadamard rotation between a scan, or a gated product, and the projection that reads it, undone by that
  /// projection's weight.
  public static let rotateScanOutput = Pass(
    name: "rotate-scan-output",
    summary:
      "Rotates the scan's output, and the gated product of an MLP, by a Hadamard matrix and folds the inverse into the projection that reads it.",
    requires: .folded ... .folded, produces: .rotated, promise: .equivalent(1e-5),
    isNeeded: { $0.rotation.kind != .none }
  ) { rewriter in
    var place = 0
    for value in rewriter.before.values {
      let node = rewriter.before[value]
      guard node.op == .linear, rotated.contains(rewriter.before[node.operands[0]].op) else {
        rewriter.copy(value)
        continue
      }
      place += 1
      try rotateInput(of: value, place: place, &rewriter)
    }
  }

  /// What is rotated where a linear layer reads it.
  private static let rotated: Set<Op> = [.selectiveScan, .gate]

  /// Puts a rotation before a linear layer, and its inverse into the layer's weight.
  private static func rotateInput(of value: ValueID, place: Int, _ rewriter: inout Rewriter) throws {
    let node = rewriter.before[value]
    let name = rewriter.before[node.operands[0]].name
    let attributes = rewriter.hadamardAttributes(for: node.operands[0])
    var input = rewriter.image(node.operands[0])
    var weight = rewriter.image(node.operands[1])
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
