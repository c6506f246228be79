import Glibc

extension OpSpec {
  /// What the columns of a weight are multiplied by when its input is smoothed (method: §6, SmoothQuant).
  static let smoothingFactors = OpSpec(
    .smoothingFactors,
    "c · activations^strength / columns^(1 - strength), with c such that max(activations / result) = max(activations).",
    side: .constant, operands: [.constant("activations"), .constant("columns")],
    attributes: [Attribute("strength", .real)],
    type: { context throws(TypeError) in
      let type = context.operands[0]
      try context.require(type.element.isFloat && type.shape.count == 1, "a vector of floats is needed")
      try context.floatConstant(1, type.shape)
      guard let strength = context.attributes.real("strength"), (0...1).contains(strength) else {
        throw TypeError("attribute 'strength' is a number from 0 to 1")
      }
      return ValueType(.f32, type.shape)
    },
    evaluate: { context in
      Smoothing.factors(
        activations: context.operands[0], columns: context.operands[1], strength: context.real("strength"),
        log: { log($0) }, exp: { exp($0) })
    })
}

/// Factors that divide the range of an activation between it and the weight that contracts it.
public enum Smoothing {
  /// The factors from the largest magnitudes of each channel and of each column.
  ///
  /// What is below a 1,024th of the largest counts as that, so that a channel that stayed zero gets a factor too.
  public static func factors(
    activations: [Float], columns: [Float], strength: Float, log: (Double) -> Double, exp: (Double) -> Double
  ) -> [Float] {
    let (largest, heaviest) = (Double(activations.max() ?? 0), Double(columns.max() ?? 0))
    guard largest > 0, heaviest > 0 else { return activations.map { _ in 1 } }
    let ranges = activations.map { max(Double($0), largest / 1024) }
    let factors = zip(ranges, columns).map { range, column in
      exp(Double(strength) * log(range) - (1 - Double(strength)) * log(max(Double(column), heaviest / 1024)))
    }
    let peak = zip(ranges, factors).reduce(0) { max($0, $1.0 / $1.1) }
    return factors.map { Float($0 * peak / largest) }
  }
}
