/// The symmetric 8-bit quantizer: `q = roundHalfEven(clamp(x · inverse, low, 127))`.
public enum Quantizer {
  /// The largest code.
  public static let highest: Float = 127

  /// Scale of a range: `maximum / 127`, or 1 for a range of zero, or one so small that its inverse would overflow.
  public static func scale(maximum: Float) -> Float {
    let scale = maximum / highest
    return scale >= .leastNormalMagnitude ? scale : 1
  }

  /// What values are multiplied by: `Float(1 / Double(scale))`.
  public static func inverse(scale: Float) -> Float { Float(1 / Double(scale)) }

  /// The code of a value, as a float.
  /// - Parameter low: the smallest code: -128 for activations, -127 for weights.
  public static func code(_ x: Float, inverse: Float, low: Float) -> Float {
    min(max(x * inverse, low), highest).rounded(.toNearestOrEven)
  }
}
