import CKernels
package import IR

/// Codes of rows of a weight of 4 bits, and the factors of their groups (method: §6, W4).
package struct GroupedCodes {
  let rows: Int
  let width: Int
  /// `[rows, width]`.
  let codes: SharedBuffer<Int8>
  /// `[panel of 16 rows][group][16]`, zero where a panel has no row.
  let factors: SharedBuffer<UInt8>
  /// What the factors of each row are multiples of.
  let units: [Float]

  init(units: [Float], width: Int) {
    (rows, self.width, self.units) = (units.count, width, units)
    codes = SharedBuffer(count: rows * width)
    factors = SharedBuffer(count: (rows + 15) / 16 * 16 * Self.groups(width))
  }

  /// Groups that cover a row.
  static func groups(_ width: Int) -> Int { (width + Quantizer.group - 1) / Quantizer.group }

  /// The columns of a group.
  func columns(_ group: Int) -> Range<Int> {
    (group * Quantizer.group)..<min((group + 1) * Quantizer.group, width)
  }

  /// Sets the factor of a group of a row; returns the step between codes.
  func setFactor(_ factor: Int, row: Int, group: Int) -> Float {
    factors.elements[place(row, group)] = UInt8(factor)
    return units[row] * Float(factor)
  }

  /// The step between codes of a group of a row.
  func step(row: Int, group: Int) -> Float { units[row] * Float(factors.elements[place(row, group)]) }

  private func place(_ row: Int, _ group: Int) -> Int {
    (row / 16 * Self.groups(width) + group) * 16 + row % 16
  }
}

/// How units and factors of a weight of 4 bits are chosen.
struct GroupChoice: Sendable {
  let clip: Clip
  /// What the square of the error of each input counts, `[width]`; nil for one each.
  let importance: SharedBuffer<Float>?

  /// What the factors of a row are multiples of.
  func unit(ofRow row: UnsafeBufferPointer<Float>) -> Float {
    let widest = stride(from: 0, to: row.count, by: Quantizer.group).reduce(Float(0)) { widest, start in
      let group = UnsafeBufferPointer(rebasing: row[start..<min(start + Quantizer.group, row.count)])
      return max(
        widest,
        clip.magnitude(
          ofRow: group, highest: Quantizer.highestGrouped, importance: importance?.pointer(start)))
    }
    return Quantizer.groupUnit(maximum: widest)
  }

  /// The factor of a group.
  /// - Parameter start: the group's first column.
  func factor(of group: UnsafeBufferPointer<Float>, at start: Int, unit: Float) -> Int {
    let highest = Quantizer.highestGrouped
    guard clip == .leastError else {
      return GroupFactor.widest(magnitude: clip.magnitude(ofRow: group, highest: highest), unit: unit)
    }
    return GroupFactor.ofLeastError(maximum: qk_max_abs(group.baseAddress, group.count), unit: unit) { step in
      qk_code_error(
        group.baseAddress, group.count, Quantizer.inverse(scale: step), step, highest,
        importance?.pointer(start))
    }
  }

  /// Rounds rows of a weight, `[rows, width]`, to the nearest codes.
  func round(_ weights: UnsafeBufferPointer<Float>, into result: GroupedCodes) {
    let highest = Quantizer.highestGrouped
    for row in 0..<result.rows {
      for group in 0..<GroupedCodes.groups(result.width) {
        let columns = result.columns(group)
        let start = row * result.width + columns.lowerBound
        let values = UnsafeBufferPointer(rebasing: weights[start..<(start + columns.count)])
        let factor = factor(of: values, at: columns.lowerBound, unit: result.units[row])
        let step = result.setFactor(factor, row: row, group: group)
        qk_quantize_row(
          values.baseAddress, columns.count, Quantizer.inverse(scale: step), -highest, highest,
          result.codes.pointer(start))
      }
    }
  }
}

extension GroupedCodes {
  /// Codes of 4 bits of a weight, `[rows, width]`.
  ///
  /// - Parameters:
  ///   - clip: how the ranges of groups are chosen.
  ///   - feedback: how errors are passed on; nil for the nearest codes.
  /// - Returns: codes `[rows, width]`, factors `[rows, groups]`, and for each row what its factors are multiples of.
  package static func codes(
    of weights: [Float], width: Int, clip: Clip, feedback: ErrorFeedback?
  ) -> (codes: [Int8], factors: [UInt8], units: [Float]) {
    weights.withUnsafeBufferPointer { weights in
      let choice = GroupChoice(clip: clip, importance: feedback?.importance)
      let units = stride(from: 0, to: weights.count, by: width).map { start in
        choice.unit(ofRow: UnsafeBufferPointer(rebasing: weights[start..<(start + width)]))
      }
      let coded = GroupedCodes(units: units, width: width)
      if let feedback {
        feedback.round(weights, by: choice, into: coded)
      } else {
        choice.round(weights, into: coded)
      }
      let factors = units.indices.flatMap { row in
        (0..<groups(width)).map { coded.factors.elements[coded.place(row, $0)] }
      }
      return (Array(coded.codes.elements), factors, units)
    }
  }
}
