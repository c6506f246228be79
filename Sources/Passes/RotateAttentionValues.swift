import IR

extension Pass {
  /// A Hadamard rotation of every head's values, undone by the projection that reads what attention makes of them.
  public static let rotateAttentionValues = Pass(
    name: "rotate-attention-values",
    summary:
      "Rotates the values of each head of attention by a Hadamard matrix, folded into the weights that make the values and read the result.",
    requires: .folded ... .folded, produces: nil, promise: .equivalent(1e-5),
    isNeeded: { $0.rotation.kind != .none }
  ) { rewriter in
    let heads = try rotatedHeads(&rewriter)
    for value in rewriter.before.values {
      let node = rewriter.before[value]
      var operands = node.isConstant ? [] : node.operands.map(rewriter.image)
      if let shape = heads.values[value] {
        for index in operands.indices.dropFirst() {
          let name = "\(rewriter.built(operands[index]).name).rotated"
          operands[index] = try rewriter.emit(.rotateRows, [operands[index]], shape, name: name, for: value)
        }
      } else if let shape = heads.readers[value] {
        operands[1] = try rewriter.emit(
          .rotateColumns, [operands[1]], shape, name: "\(node.name).weight.rotated", for: value)
      }
      rewriter.copy(value, operands: node.isConstant ? nil : operands)
    }
  }

  /// Where values can be rotated: the linear layers that make them, and those that read the result, with the
  /// transform of one head.
  private static func rotatedHeads(
    _ rewriter: inout Rewriter
  ) throws -> (values: [ValueID: Attributes], readers: [ValueID: Attributes]) {
    var (values, readers): ([ValueID: Attributes], [ValueID: Attributes]) = ([:], [:])
    for attention in rewriter.before.values where rewriter.before[attention].op == .attention {
      let node = rewriter.before[attention]
      let projection = node.operands[2]
      guard rewriter.before[projection].op == .linear, rewriter.uses[projection.index] == [attention],
        rewriter.uses[attention.index].allSatisfy({ rewriter.before[$0].op == .linear }),
        let heads = node.attributes.integer("heads")
      else { continue }
      let shape = rewriter.hadamardAttributes(for: attention, width: node.type.width / heads)
      values[projection] = shape
      for reader in rewriter.uses[attention.index] { readers[reader] = shape }
    }
    return (values, readers)
  }
}
