import CKernels
import IR
import PlanFormat

extension WeightsWriter {
  /// Writes rows of a weight of 4 bits, and the factors of their groups.
  /// - Parameter choice: how its codes are chosen; nil for the nearest.
  func writeGroupedPanels(
    _ id: ValueID, _ rows: Range<Int>, _ constant: ConstantID, _ choice: CodeChoice?
  ) throws {
    let width = evaluator.rowWidth(id)
    let operands = plan.module[id].operands
    let groups = GroupChoice(
      clip: Clip(ofWeightScale: plan.module[operands[2]]), importance: choice?.feedback?.importance)
    try Scratch.withFloats(rows.count * width) { values in
      try evaluator.read(operands[0], rows: rows, into: values)
      let weights = UnsafeBufferPointer(values)
      let units = (0..<rows.count).map { index in
        let start = index * width
        return groups.unit(ofRow: UnsafeBufferPointer(rebasing: weights[start..<(start + width)]))
      }
      setPackedScales(operands[1], rows, units)
      let coded = GroupedCodes(units: units, width: width)
      if let feedback = choice?.feedback {
        feedback.round(weights, by: groups, into: coded)
      } else {
        groups.round(weights, into: coded)
      }
      choice?.noteErrors(of: coded, weights: weights, from: rows.lowerBound)
      try writePanels(coded, from: rows.lowerBound, constant)
    }
  }

  /// Packs codes and hands panels, corrections and factors on.
  private func writePanels(_ coded: GroupedCodes, from first: Int, _ constant: ConstantID) throws {
    let (panelBytes, groups) = ((coded.width + 7) / 8 * 64, GroupedCodes.groups(coded.width))
    let panels = (coded.rows + 15) / 16
    try Scratch.withBytes(panels * panelBytes) { bytes in
      try withUnsafeTemporaryAllocation(of: Int32.self, capacity: panels * 16) { sums in
        for panel in 0..<panels {
          qk_pack_panel_i4(
            coded.codes.pointer(panel * 16 * coded.width), coded.width,
            UInt32(min(16, coded.rows - panel * 16)), coded.width, coded.factors.pointer(panel * groups * 16),
            bytes.baseAddress.map { ($0 + panel * panelBytes).assumingMemoryBound(to: UInt8.self) },
            sums.baseAddress.map { $0 + panel * 16 })
        }
        setCorrections(of: constant, from: first, UnsafeBufferPointer(sums))
        try sink(UnsafeRawBufferPointer(bytes), offset(constant) + first / 16 * panelBytes)
        if let factors = factors[constant] {
          try sink(UnsafeRawBufferPointer(coded.factors.elements), offset(factors) + first * groups)
        }
      }
    }
  }
}
