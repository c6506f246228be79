import Diagnostics
import IR

extension Pass {
  /// A Hadamard rotation between a scan and the projection that reads it, undone by that projection's weight.
  public static let rotateScanOutput = Pass(
    name: "rotate-scan-output",
    summary:
      "Rotates the scan's output by a Hadamard matrix and folds the inverse into the projection that reads it.",
    requires: .folded ... .folded, produces: .rotated, promise: .equivalent(1e-5),
    isNeeded: { $0.rotation.kind != .none }
  ) { rewriter in
    for value in rewriter.before.values {
      let node = rewriter.before[value]
      guard node.op == .linear, rewriter.before[node.operands[0]].op == .selectiveScan else {
        rewriter.copy(value)
        continue
      }
      let scan = rewriter.before[node.operands[0]]
      let shape = HadamardShape(width: scan.type.width)
      if shape.block != scan.type.width {
        rewriter.findings.append(
          Diagnostic(
            .noHadamard,
            "no Hadamard matrix of order \(scan.type.width) is known; blocks of \(shape.block) are used",
            at: .node(scan.name), severity: .warning))
      }
      let attributes: Attributes = ["block": .integer(shape.block), "order": .integer(shape.order)]
      let rotated = try rewriter.emit(
        .hadamard, [rewriter.image(node.operands[0])], attributes, name: "\(scan.name)_rotated", for: value)
      let weight = try rewriter.emit(
        .rotateColumns, [rewriter.image(node.operands[1])], attributes, name: "\(node.name).weight",
        for: value)
      rewriter.copy(value, operands: [rotated, weight] + node.operands.dropFirst(2).map(rewriter.image))
    }
  }
}
