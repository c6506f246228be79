import IR

extension Pass {
  /// Constant expressions that need no weight to be read are computed.
  public static let foldConstants = Pass(
    name: "fold-constants",
    summary:
      "Simplifies constant expressions that can be known without reading a weight; the rest folds when the plan is written.",
    requires: .folded ... .quantized, produces: nil, promise: .exact
  ) { rewriter in
    for value in rewriter.before.values where !foldUniform(value, &rewriter) {
      let node = rewriter.before[value]
      switch node.op {
      case .sliceRows
      where node.attributes.integer("count") == rewriter.before[node.operands[0]].type.shape[0]:
        rewriter.replace(value, by: rewriter.image(node.operands[0]))
      case .scaleColumns where uniform(node.operands[1], rewriter) == 1:
        rewriter.replace(value, by: rewriter.image(node.operands[0]))
      default: rewriter.copy(value)
      }
    }
  }

  /// Replaces an expression over uniform constants by a uniform constant.
  private static func foldUniform(_ value: ValueID, _ rewriter: inout Rewriter) -> Bool {
    let node = rewriter.before[value]
    guard let operand = node.operands.first.flatMap({ uniform($0, rewriter) }) else { return false }
    switch node.op {
    case .sliceRows, .reshape: break
    case .requantizeBias where operand == 0: break
    default: return false
    }
    let source: ConstantSource = operand == 0 ? .zero : .splat(operand)
    rewriter.replace(value, by: rewriter.constant(source, node.type.shape, name: node.name, for: value))
    return true
  }

  /// The value of every element of a uniform constant.
  private static func uniform(_ id: ValueID, _ rewriter: Rewriter) -> Float? {
    guard case .source(let source)? = rewriter.built(rewriter.image(id)).attributes["source"] else {
      return nil
    }
    switch source {
    case .zero: return 0
    case .splat(let value): return value
    default: return nil
    }
  }
}
