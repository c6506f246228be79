/// A mean over a text, with its standard error over windows as blocks.
public struct Estimate: Equatable, Sendable {
  /// The mean, or what follows from it.
  public let value: Double
  /// The standard error of `value`; infinite when it cannot be known, as from one window.
  public let standardError: Double

  /// Makes an estimate.
  public init(value: Double, standardError: Double) {
    self.value = value
    self.standardError = standardError
  }

  /// The mean of blocks of equal size, `[blocks]`, at least one, and its standard error.
  public init(blocks: [Double]) {
    precondition(!blocks.isEmpty, "a mean needs a block")
    let count = Double(blocks.count)
    let mean = blocks.reduce(0, +) / count
    let squares = blocks.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let error = blocks.count > 1 ? (squares / (count * (count - 1))).squareRoot() : .infinity
    self.init(value: mean, standardError: error)
  }

  /// The root of a value that is not negative; its error by the delta method.
  var squareRoot: Estimate {
    let root = value.squareRoot()
    return Estimate(value: root, standardError: root > 0 ? standardError / (2 * root) : standardError)
  }

  /// The value and two standard errors.
  public var upperBound: Double { value + 2 * standardError }

  /// Whether a gate passes: the value plus two standard errors is within `target`.
  public func isWithin(_ target: Double) -> Bool { upperBound <= target }
}
