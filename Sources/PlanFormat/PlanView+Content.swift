extension PlanView {
  /// Verifies what costs reading all quantized weights: that every product's correction and factors fit them.
  ///
  /// A wrong correction harms no memory, but instruction sets would no longer agree.
  ///
  /// - Throws: `PlanError.instruction` with `InstructionProblem.correction` or `.factor`.
  /// - Complexity: linear in the weights.
  public func verifyCorrections() throws(PlanError) {
    for index in 0..<instructionCount {
      let instruction = instruction(index)
      guard instruction.opcode == .linear, let correction = instruction.constant(.correction) else {
        continue
      }
      let stored = constantRange(correction).lowerBound
      let weights = ConstantID(instruction[.weights])
      let outputs = constant(weights).d0
      for panel in 0..<((outputs + 15) / 16) {
        var sums = InlineArray<16, Int>(repeating: 0)
        if let factors = instruction.constant(.factors) {
          for lane in 0..<16 {
            let output = panel * 16 + UInt32(lane)
            guard areFactors(factors, panel: Int(panel), lane: lane, isPadding: output >= outputs) else {
              throw .instruction(index, .factor(output: output))
            }
          }
          sums = groupedSums(weights, factors, panel: Int(panel))
        } else {
          sums = panelSums(weights, panel: Int(panel))
        }
        for lane in 0..<16 {
          let output = panel * 16 + UInt32(lane)
          let found = Int32(bitPattern: bytes.u32(stored + 4 * Int(output)))
          guard Int(found) == -128 * sums[lane] else {
            throw .instruction(index, .correction(output: output))
          }
        }
      }
    }
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
