import Diagnostics
import IR

extension Pass {
  /// States of scans in fewer bits.
  public static let quantizeState = Pass(
    name: "quantize-state",
    summary: "Keeps the states of scans as 16-bit floats, or as 8-bit codes with a scale for each channel.",
    requires: .folded ... .ranged, produces: nil, promise: .lossy, isNeeded: { $0.state != .float32 }
  ) { rewriter in
    for value in rewriter.before.values {
      let node = rewriter.before[value]
      guard node.op == .selectiveScan else {
        rewriter.copy(value)
        continue
      }
      let scales = rewriter.recipe.state == .int8 ? stateScales(of: value, &rewriter) : nil
      var attributes = node.attributes
      attributes["state"] = .string(rewriter.recipe.state == .int8 ? "i8" : "f16")
      let operands = node.operands.map(rewriter.image) + (scales.map { [$0] } ?? [])
      rewriter.replace(
        value, by: try rewriter.emit(.selectiveScan, operands, attributes, name: node.name, for: value))
    }
  }

  /// A scale for each channel, from the largest |h| that calibration saw; 1 where it saw none.
  private static func stateScales(of scan: ValueID, _ rewriter: inout Rewriter) -> ValueID {
    let node = rewriter.before[scan]
    var channels = rewriter.ranges[node.stateName]?.channels ?? []
    if channels.count != node.type.width {
      rewriter.findings.append(
        Diagnostic(
          .missingRange, "the statistics have no range of this scan's states", at: .node(node.stateName),
          hint: "calibrate again with this version of the tool"))
      channels = Array(repeating: 0, count: node.type.width)
    }
    return rewriter.constant(
      .values(channels.map { Quantizer.scale(maximum: $0) }), [node.type.width],
      name: "\(node.stateName).scales", for: scan)
  }
}
