import CKernels
import IR

extension ConstantEvaluator {
  /// The largest magnitudes of a weight's columns, from one pass over its rows.
  func measuredColumns(_ node: Node) throws -> [Float] {
    let weight = node.operands[0]
    let width = rowWidth(weight)
    var largest =
      node.operands.count > 1 ? try vector(node.operands[1]) : [Float](repeating: 0, count: width)
    for rows in RowBlock.cover(rows: module[weight].type.shape[0], rowWidth: width) {
      try Scratch.withFloats(rows.count * width) { values in
        try read(weight, rows: rows, into: values)
        for start in stride(from: 0, to: values.count, by: width) {
          for column in 0..<width { largest[column] = max(largest[column], abs(values[start + column])) }
        }
      }
    }
    return largest
  }

  func smoothingFactors(_ node: Node) throws -> [Float] {
    Smoothing.factors(
      activations: try vector(node.operands[0]), columns: try vector(node.operands[1]),
      strength: node.attributes.real("strength") ?? 0, log: { qk_log($0) }, exp: { qk_exp($0) })
  }
}
