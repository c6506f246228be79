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
      if rewriter.canFoldGain(of: value) {
        rewriter.copyWithoutGain(value)
      } else if node.op == .linear, rewriter.canFoldGain(of: rewriter.normRead(by: value)) {
        let weight = try rewriter.gainedWeight(of: value)
        var operands = node.operands.map(rewriter.image)
        operands[1] = weight
        rewriter.copy(value, operands: operands)
      } else {
        rewriter.copy(value)
      }
    }
  }
}
