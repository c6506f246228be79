import CKernels
import IR
import WorkSharing

extension ConstantEvaluator {
  /// Measures the columns of all weights that ask for it; several threads, each takes what depends on one another.
  /// - Throws: what the source throws.
  func measureColumns(threads: Int) throws {
    let asking = module.values.filter { module[$0].op == .columnMax }
    let inner = Set(asking.flatMap { module[$0].operands.dropFirst() })
    try Parallel.forEach(asking.filter { !inner.contains($0) }, threads: threads) { _ = try vector($0) }
  }

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
          qk_running_max_abs(values.baseAddress.map { $0 + start }, width, &largest)
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
