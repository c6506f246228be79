import CKernels

/// How far one tensor is from what it should be, over everything that was compared.
public struct TapError: Equatable, Sendable {
  private var signal = 0.0
  private var found = 0.0
  private var product = 0.0
  private var noise = 0.0
  /// The largest difference of an element.
  public private(set) var largest = 0.0

  init() {}

  /// Takes in a row of values and what they should be.
  mutating func add(_ values: UnsafeBufferPointer<Float>, reference: UnsafeBufferPointer<Float>) {
    for index in reference.indices {
      let (value, exact) = (Double(values[index]), Double(reference[index]))
      let difference = value - exact
      signal += exact * exact
      found += value * value
      product += value * exact
      noise += difference * difference
      largest = max(largest, abs(difference))
    }
  }

  /// Mean square of what it should be over that of the differences, in decibels; infinite where there is none.
  public var signalToNoise: Double {
    noise > 0 ? 10 * qk_log(signal / noise) / qk_log(10) : .infinity
  }

  /// The cosine of the angle between both; 1 where either is zero throughout.
  public var cosine: Double {
    signal > 0 && found > 0 ? product / (signal * found).squareRoot() : 1
  }
}
