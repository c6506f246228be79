import IR

extension Pass {
  /// One linear layer for each slice of a fused projection.
  public static let splitProjections = Pass(
    name: "split-projections",
    summary:
      "Gives each slice of a fused projection a linear layer of its own, over the same rows of the weight.",
    requires: .imported ... .imported, produces: .folded, promise: .exact
  ) { rewriter in
    for value in rewriter.before.values {
      let node = rewriter.before[value]
      guard node.op == .slice, rewriter.before[node.operands[0]].op == .linear else {
        rewriter.copy(value)
        continue
      }
      let projection = rewriter.before[node.operands[0]]
      var operands = [rewriter.image(projection.operands[0])]
      for (constant, suffix) in zip(projection.operands.dropFirst(), ["weight", "bias"]) {
        operands.append(
          try rewriter.emit(
            .sliceRows, [rewriter.image(constant)], node.attributes, name: "\(node.name).\(suffix)",
            for: value))
      }
      rewriter.replace(value, by: try rewriter.emit(.linear, operands, name: node.name, for: value))
    }
  }
}
