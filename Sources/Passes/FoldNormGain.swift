import IR

extension Pass {
  /// Norm gains become part of the weights that read the norm.
  public static let foldNormGain = Pass(
    name: "fold-norm-gain",
    summary:
      "Moves a norm's gain into the columns of the weights that read it, where all readers are linear layers.",
    requires: .folded ... .folded, produces: nil, promise: .equivalent(1e-5),
    isNeeded: { $0.foldsNormGains || $0.rotation.kind == .residual }
  ) { rewriter in
    for value in rewriter.before.values {
      let node = rewriter.before[value]
      if node.op == .rmsNorm, readersAreLinear(value, rewriter) {
        let width = node.type.width
        let ones = rewriter.constant(.splat(1), [width], name: "\(node.name).one", for: value)
        rewriter.copy(value, operands: [rewriter.image(node.operands[0]), ones])
      } else if node.op == .linear, rewriter.before[node.operands[0]].op == .rmsNorm,
        readersAreLinear(node.operands[0], rewriter)
      {
        let gain = rewriter.image(rewriter.before[node.operands[0]].operands[1])
        let weight = try gained(node.operands[1], by: gain, for: value, &rewriter)
        var operands = node.operands.map(rewriter.image)
        operands[1] = weight
        rewriter.copy(value, operands: operands)
      } else {
        rewriter.copy(value)
      }
    }
  }

  private static func gained(
    _ weight: ValueID, by gain: ValueID, for value: ValueID, _ rewriter: inout Rewriter
  ) throws -> ValueID {
    let name = "\(rewriter.before[value].name).gained"
    return try rewriter.changingColumns(of: weight, name: name, for: value) { rewriter, weight, name in
      try rewriter.emit(.scaleColumns, [weight, gain], name: name, for: value)
    }
  }

  private static func readersAreLinear(_ norm: ValueID, _ rewriter: Rewriter) -> Bool {
    rewriter.uses[norm.index].allSatisfy { rewriter.before[$0].op == .linear }
  }
}
