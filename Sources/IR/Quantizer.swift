/// The symmetric quantizer: `q = roundHalfEven(clamp(x · inverse, low, high))`.
public enum Quantizer {
  /// The largest code of 8 bits.
  public static let highest: Float = 127
  /// The largest code of 16 bits: 256 · 127 + 127, which two signed bytes hold.
  public static let highestWide: Float = 32_639
  /// The largest code of 4 bits.
  public static let highestGrouped: Float = 7
  /// The largest factor of a group of codes of 4 bits.
  public static let highestFactor: Float = 63
  /// Inputs of a weight of 4 bits that share a factor.
  public static let group = 128
  /// Inputs of a product with a weight of 4 bits at most; more could overflow 32 bits.
  public static let groupedInputs = 32_768

  /// Scale of a range in 8 bits.
  public static func scale(maximum: Float) -> Float { scale(maximum: maximum, highest: highest) }

  /// Scale of a range: `maximum / highest`, or 1 for a range of zero, or one so small that its inverse would overflow.
  public static func scale(maximum: Float, highest: Float) -> Float {
    let scale = maximum / highest
    return scale >= .leastNormalMagnitude ? scale : 1
  }

  /// What the factors of a row's groups are multiples of: `maximum / (7 · 63)`, or 1 as for `scale(maximum:)`.
  public static func groupUnit(maximum: Float) -> Float {
    scale(maximum: maximum, highest: highestGrouped * highestFactor)
  }

  /// What values are multiplied by: `Float(1 / Double(scale))`.
  public static func inverse(scale: Float) -> Float { Float(1 / Double(scale)) }

  /// The code of a value, as a float.
  /// - Parameter low: the smallest code: -128 for activations, -127 for weights.
  public static func code(_ x: Float, inverse: Float, low: Float, high: Float = highest) -> Float {
    min(max(x * inverse, low), high).rounded(.toNearestOrEven)
  }

  /// The code of an activation, as a float: of 16 bits within ±32639, of 8 within −128 … 127.
  public static func code(_ x: Float, inverse: Float, as element: ElementType) -> Float {
    element == .i16
      ? code(x, inverse: inverse, low: -highestWide, high: highestWide) : code(x, inverse: inverse, low: -128)
  }

  /// The signed bytes of a code of 16 bits, `256 · high + low`.
  public static func planes(_ code: Float) -> (high: Float, low: Float) {
    let high = ((code + 128) / 256).rounded(.down)
    return (high, code - 256 * high)
  }
}
