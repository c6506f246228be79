import IR

extension Pass {
  /// A Hadamard rotation of the residual stream, undone by the weights that read it (method: §4).
  public static let rotateResidual = Pass(
    name: "rotate-residual",
    summary:
      "Rotates the residual stream by a Hadamard matrix, folded into all weights that write or read it.",
    requires: .folded ... .folded, produces: nil, promise: .equivalent(1e-5),
    isNeeded: { $0.rotation.kind == .residual }
  ) { rewriter in
    let stream = try ResidualStream(rewriter)
    let rotation = ResidualRotation(of: stream, &rewriter)
    for value in rewriter.before.values { try rotation.rewrite(value, &rewriter) }
  }
}

private struct ResidualRotation {
  private let stream: ResidualStream
  private let attributes: Attributes
  private let signs: ValueID?

  init(of stream: ResidualStream, _ rewriter: inout Rewriter) {
    self.stream = stream
    attributes = rewriter.hadamardAttributes(for: stream.start)
    signs = rewriter.rotationSigns(place: 0, name: "residual", for: stream.start)
  }

  func rewrite(_ value: ValueID, _ rewriter: inout Rewriter) throws {
    let node = rewriter.before[value]
    var operands = node.isConstant ? [] : node.operands.map(rewriter.image)
    if node.op == .embedding || node.op == .linear && stream.values.contains(node.operands[0]) {
      operands[1] = try columns(of: node.operands[1], for: value, &rewriter)
    }
    if stream.writers.contains(value) {
      for index in operands.indices.dropFirst() {
        operands[index] = try rows(of: operands[index], for: value, &rewriter)
      }
    }
    rewriter.copy(value, operands: node.isConstant ? nil : operands)
  }

  /// A weight whose columns stand for channels of the stream.
  private func columns(of weight: ValueID, for value: ValueID, _ rewriter: inout Rewriter) throws -> ValueID {
    let name = "\(rewriter.before[value].name).rotated"
    return try rewriter.changingColumns(of: weight, name: name, for: value) { rewriter, weight, name in
      let signed = try signs.map {
        try rewriter.emit(.scaleColumns, [weight, $0], name: "\(name).signed", for: value)
      }
      return try rewriter.emit(.rotateColumns, [signed ?? weight], attributes, name: name, for: value)
    }
  }

  /// A weight or bias, new already, whose rows stand for channels of the stream.
  private func rows(of weight: ValueID, for value: ValueID, _ rewriter: inout Rewriter) throws -> ValueID {
    let name = "\(rewriter.built(weight).name).rotated"
    let signed = try signs.map {
      try rewriter.emit(.scaleRows, [weight, $0], name: "\(name).signed", for: value)
    }
    return try rewriter.emit(.rotateRows, [signed ?? weight], attributes, name: name, for: value)
  }
}
