extension OpSpec {
  /// The factor of every group of 128 inputs of a row of a weight of 4 bits, 1 … 63.
  static let groupFactors = OpSpec(
    .groupFactors,
    "The factor u of each group of 128 inputs of a row, 1 … 63, for w ≈ s · u · q with q within ±7: that of the group's largest |w|, or as `clip` says.",
    side: .constant, operands: [.constant("weight"), .constant("scales")],
    attributes: [Attribute("clip", .string, optional: true)], stages: .ranged ... .quantized,
    type: { context throws(TypeError) in
      let (rows, columns) = try context.floatMatrix(0)
      try context.floatConstant(1, [rows])
      if let clip = context.attributes.string("clip"), Clip(clip) == nil {
        throw TypeError("attribute 'clip' is \(Clip.forms)")
      }
      return ValueType(.i8, [rows, (columns + Quantizer.group - 1) / Quantizer.group])
    },
    evaluate: { context in
      let clip = Clip(ofWeightScale: context.node)
      return context.operands[1].enumerated().flatMap { row, unit in
        groups(of: context.operands[0], row: row, columns: context.operandTypes[0].width).map { group in
          let highest = Quantizer.highestGrouped
          guard clip == .leastError else {
            return Float(
              GroupFactor.widest(magnitude: clip.magnitude(of: [group], highest: highest), unit: unit))
          }
          let maximum = group.reduce(0) { max($0, abs($1)) }
          return Float(
            GroupFactor.ofLeastError(maximum: maximum, unit: unit) { step in
              Clip.error(of: group, scale: step, highest: highest)
            })
        }
      }
    })

  /// The groups of a row of a matrix.
  static func groups(of matrix: [Float], row: Int, columns: Int) -> [ArraySlice<Float>] {
    stride(from: 0, to: columns, by: Quantizer.group).map { start in
      matrix[(row * columns + start)..<(row * columns + min(start + Quantizer.group, columns))]
    }
  }
}

/// The choice of the factor of one group of a weight of 4 bits.
public enum GroupFactor {
  /// The least factor that leaves a magnitude within the codes.
  /// - Parameter unit: what factors are multiples of, above zero.
  public static func widest(magnitude: Float, unit: Float) -> Int {
    bounded(quotient(magnitude, unit).rounded(.up))
  }

  /// The factor of the least error, the first of equals, among those of 64 … 22 64ths of the group's maximum.
  ///
  /// - Parameters:
  ///   - unit: what factors are multiples of, above zero.
  ///   - error: the error of codes with a step, which is unit times factor.
  public static func ofLeastError(maximum: Float, unit: Float, error: (Float) -> Float) -> Int {
    var (best, least, last) = (1, Float.infinity, 0)
    for part in stride(from: 64, through: 22, by: -1) {
      let candidate = bounded((quotient(maximum, unit) * Double(part) / 64).rounded(.toNearestOrEven))
      guard candidate != last else { continue }
      last = candidate
      let found = error(unit * Float(candidate))
      if found < least { (best, least) = (candidate, found) }
    }
    return best
  }

  private static func quotient(_ magnitude: Float, _ unit: Float) -> Double {
    Double(magnitude) / (Double(Quantizer.highestGrouped) * Double(unit))
  }

  private static func bounded(_ factor: Double) -> Int {
    Int(min(max(factor, 1), Double(Quantizer.highestFactor)))
  }
}
