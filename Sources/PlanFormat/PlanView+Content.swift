extension PlanView {
  /// Verifies what costs reading all int8 weights: that every product's correction fits them.
  ///
  /// A wrong correction harms no memory, but instruction sets would no longer agree.
  ///
  /// - Throws: `PlanError.instruction` with `InstructionProblem.correction`.
  /// - Complexity: linear in the weights.
  public func verifyCorrections() throws(PlanError) {
    for index in 0..<instructionCount {
      let instruction = instruction(index)
      guard instruction.opcode == .linear, let correction = instruction.constant(.correction) else {
        continue
      }
      let stored = constantRange(correction).lowerBound
      let weights = ConstantID(instruction[.weights])
      let panels = (constant(weights).d0 + 15) / 16
      for panel in 0..<panels {
        let sums = panelSums(weights, panel: Int(panel))
        for lane in 0..<16 {
          let output = panel * 16 + UInt32(lane)
          let found = Int32(bitPattern: bytes.u32(stored + 4 * Int(output)))
          guard found == -128 * sums[lane] else { throw .instruction(index, .correction(output: output)) }
        }
      }
    }
  }

  /// The sums over all inputs of a panel's 16 outputs; at most 65,536 inputs, so they fit in 24 bits.
  private func panelSums(_ weights: ConstantID, panel: Int) -> InlineArray<16, Int32> {
    let groups = Int(constant(weights).d1 + 3) / 4
    let start = constantRange(weights).lowerBound + panel * groups * 64
    var sums = InlineArray<16, Int32>(repeating: 0)
    for group in 0..<groups {
      for lane in 0..<16 {
        for step in 0..<4 { sums[lane] += Int32(bytes.i8(start + group * 64 + lane * 4 + step)) }
      }
    }
    return sums
  }
}
