/// What one product says of its constants.
private struct Product {
  let instruction: Int
  let weights: ConstantID
  let factors: ConstantID?
  let correction: ConstantID
}

extension PlanView {
  /// Verifies what costs reading all quantized weights: that every product's correction and factors fit them.
  ///
  /// A wrong correction harms no memory, but instruction sets would no longer agree.
  ///
  /// - Throws: `PlanError.instruction` with `InstructionProblem.correction`, `.factor` or `.otherFactors`.
  /// - Complexity: linear in the weights, each of which is summed once, and in the outputs of all products.
  public func verifyCorrections() throws(PlanError) {
    let products = (0..<instructionCount).compactMap(product).sorted {
      ($0.weights.rawValue, $0.instruction) < ($1.weights.rawValue, $1.instruction)
    }
    var rest = products[...]
    while let first = rest.first {
      let sharing = rest.prefix { $0.weights == first.weights }
      try verifyCorrections(of: sharing, weights: first.weights, factors: first.factors)
      rest = rest[sharing.endIndex...]
    }
  }

  /// The product that an instruction is, or nil where it has no correction.
  private func product(_ index: Int) -> Product? {
    let instruction = instruction(index)
    guard instruction.opcode == .linear, let correction = instruction.constant(.correction) else {
      return nil
    }
    return Product(
      instruction: index, weights: ConstantID(instruction[.weights]),
      factors: instruction.constant(.factors), correction: correction)
  }

  /// Verifies the corrections of products that share their weights, and so their factors.
  private func verifyCorrections(
    of products: ArraySlice<Product>, weights: ConstantID, factors: ConstantID?
  ) throws(PlanError) {
    for product in products where product.factors != factors {
      throw .instruction(product.instruction, .otherFactors)
    }
    let outputs = constant(weights).d0
    for panel in 0...(outputs - 1) / 16 {
      if let factors, let output = wrongFactor(factors, panel: panel, outputs: outputs) {
        throw .instruction(products[products.startIndex].instruction, .factor(output: output))
      }
      let sums =
        factors.map { groupedSums(weights, $0, panel: Int(panel)) } ?? panelSums(weights, panel: Int(panel))
      for product in products {
        let stored = constantRange(product.correction).lowerBound
        for lane in 0..<16 {
          let output = panel * 16 + UInt32(lane)
          let found = Int32(bitPattern: bytes.u32(stored + 4 * Int(output)))
          guard Int(found) == -128 * sums[lane] else {
            throw .instruction(product.instruction, .correction(output: output))
          }
        }
      }
    }
  }

  /// The first output of a panel with a factor out of range, or nil when all are right.
  private func wrongFactor(_ factors: ConstantID, panel: UInt32, outputs: UInt32) -> UInt32? {
    (0..<16).first { lane in
      let isPadding = panel * 16 + lane >= outputs
      return !areFactors(factors, panel: Int(panel), lane: Int(lane), isPadding: isPadding)
    }.map { panel * 16 + $0 }
  }

  /// Whether the factors of one output are from 1 to 63, or 0 where it is padding.
  private func areFactors(_ factors: ConstantID, panel: Int, lane: Int, isPadding: Bool) -> Bool {
    let groups = Int(constant(factors).d1)
    let start = constantRange(factors).lowerBound + panel * groups * 16 + lane
    return (0..<groups).allSatisfy { group in
      let factor = bytes.u8(start + group * 16)
      return isPadding ? factor == 0 : PlanLimits.factors.contains(factor)
    }
  }

  /// The sums of code times factor over all inputs of a panel's 16 outputs.
  private func groupedSums(_ weights: ConstantID, _ factors: ConstantID, panel: Int) -> InlineArray<16, Int> {
    let (blocks, groups) = (Int(constant(weights).d1 + 7) / 8, Int(constant(factors).d1))
    let start = constantRange(weights).lowerBound + panel * blocks * 64
    let factorStart = constantRange(factors).lowerBound + panel * groups * 16
    var sums = InlineArray<16, Int>(repeating: 0)
    for block in 0..<blocks {
      for lane in 0..<16 {
        var sum = 0
        for step in 0..<4 {
          let pair = bytes.i8(start + block * 64 + lane * 4 + step)
          sum += Int(pair >> 4) + Int((pair << 4) >> 4)
        }
        sums[lane] += sum * Int(bytes.u8(factorStart + block * 8 / Int(PlanLimits.group) * 16 + lane))
      }
    }
    return sums
  }

  /// The sums over all inputs of a panel's 16 outputs.
  private func panelSums(_ weights: ConstantID, panel: Int) -> InlineArray<16, Int> {
    let groups = Int(constant(weights).d1 + 3) / 4
    let start = constantRange(weights).lowerBound + panel * groups * 64
    var sums = InlineArray<16, Int>(repeating: 0)
    for group in 0..<groups {
      for lane in 0..<16 {
        for step in 0..<4 { sums[lane] += Int(bytes.i8(start + group * 64 + lane * 4 + step)) }
      }
    }
    return sums
  }
}
