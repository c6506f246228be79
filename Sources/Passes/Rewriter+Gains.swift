import IR

extension Rewriter {
  /// The norm whose rows a linear layer reads, all of them or those of an expert.
  func normRead(by linear: ValueID) -> ValueID {
    let input = before[linear].operands[0]
    return before[input].op == .dispatch ? before[input].operands[0] : input
  }

  /// Whether all readers of a norm are linear layers, so that its gain can move into their weights.
  func canFoldGain(of norm: ValueID) -> Bool {
    before[norm].op == .rmsNorm
      && uses[norm.index].allSatisfy { reader in
        before[reader].op == .linear
          || before[reader].op == .dispatch && before[reader].operands[0] == norm
            && uses[reader.index].allSatisfy { before[$0].op == .linear }
      }
  }

  /// Copies a norm, its gain left out.
  mutating func copyWithoutGain(_ norm: ValueID) {
    let node = before[norm]
    let ones = constant(.splat(1), [node.type.width], name: "\(node.name).one", for: norm)
    copy(norm, operands: [image(node.operands[0]), ones])
  }

  /// The weight of a linear layer that reads a norm, its columns times the norm's gain.
  mutating func gainedWeight(of linear: ValueID) throws -> ValueID {
    let node = before[linear]
    let gain = image(before[normRead(by: linear)].operands[1])
    return try changingColumns(of: node.operands[1], name: "\(node.name).gained", for: linear) {
      rewriter, weight, name in
      try rewriter.emit(.scaleColumns, [weight, gain], name: name, for: linear)
    }
  }
}
