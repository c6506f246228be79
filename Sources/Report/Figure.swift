import CompilerDriver

/// Numbers for people.
enum Figure {
  /// A number with three significant digits, as `0.0123`, `4.56` or `7.89e-7`.
  static func text(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "unknown" : "∞" }
    let size = abs(value)
    guard size > 0 else { return "0" }
    var power = 0
    var scaled = size
    while scaled >= 9.995 { (scaled, power) = (scaled / 10, power + 1) }
    while scaled < 0.9995 { (scaled, power) = (scaled * 10, power - 1) }
    guard (-4...5).contains(power) else {
      return "\(value < 0 ? "−" : "")\(FixedPoint.text(scaled, digits: 2))e\(power)"
    }
    return FixedPoint.text(value, digits: max(0, 2 - power)).replacing("-", with: "−")
  }

  /// A number with so many digits after the point.
  static func fixed(_ value: Double, digits: Int) -> String {
    FixedPoint.text(value, digits: digits).replacing("-", with: "−")
  }

  /// A number of bytes.
  static func bytes(_ count: Int) -> String { ByteCount.text(count) }

  /// A share as percent.
  static func percent(_ share: Double) -> String { text(share * 100) + " %" }

  /// A value with its standard error, both to two significant digits of the error.
  static func text(_ estimate: Estimated, percent: Bool = false) -> String {
    let unit = percent ? " %" : ""
    let value = percent ? estimate.value * 100 : estimate.value
    guard let error = estimate.error.map({ percent ? $0 * 100 : $0 }), error.isFinite else {
      return text(value) + unit
    }
    var digits = 2
    var scaled = error
    while scaled > 0, scaled < 0.95, digits < 10 { (scaled, digits) = (scaled * 10, digits + 1) }
    return "\(fixed(value, digits: digits - 1)) ± \(fixed(error, digits: digits - 1))\(unit)"
  }

  /// A number for the attributes of a drawing, with two digits after the point.
  static func coordinate(_ value: Double) -> String { FixedPoint.text(value.isFinite ? value : 0, digits: 2) }
}

/// A measured value with its standard error, where that is known.
struct Estimated: Equatable, Sendable {
  var value: Double
  var error: Double?

  /// The value and two standard errors.
  var upperBound: Double { value + 2 * (error ?? 0) }
}
