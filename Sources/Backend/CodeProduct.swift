import IR

/// A product of codes with codes, which can be refined.
struct CodeProduct {
  /// The product.
  let node: ValueID
  /// The codes of its weight.
  let codes: ValueID
  /// The codes that it reads.
  let input: ValueID
  /// Whether its weight may be rounded by GPTQ: not where the result steers a scan, or depends on its input alone.
  let isRoundable: Bool
}

extension Module {
  /// The products of the body that read codes of one byte.
  func codeProducts() -> [CodeProduct] {
    let steering = steeringProducts()
    return values.compactMap { value in
      let node = self[value]
      guard node.op == .linearInt8, value != result, self[node.operands[0]].type.element == .i8,
        self[node.operands[1]].op == .quantizeWeight, self[node.operands[2]].op == .requantizeMultiplier
      else { return nil }
      return CodeProduct(
        node: value, codes: node.operands[1], input: node.operands[0],
        isRoundable: !steering.contains(value))
    }
  }

  /// The products from which the Δ, B and C of scans come, up to the convolution or the residual stream.
  private func steeringProducts() -> Set<ValueID> {
    var found: Set<ValueID> = []
    var pending = values.filter { self[$0].op == .selectiveScan }.flatMap { self[$0].operands[1...3] }
    while let value = pending.popLast() {
      let node = self[value]
      if node.op == .linearInt8 { found.insert(value) }
      switch node.op {
      case .silu, .conv1d, .selectiveScan, .add, .embedding: break
      default: pending += node.operands.prefix(1)
      }
    }
    return found
  }
}
