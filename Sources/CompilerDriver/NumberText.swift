/// Sizes for people.
public enum ByteCount {
  /// A number of bytes in the largest unit that leaves at least 1, with three digits.
  public static func text(_ bytes: Int) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"]
    var value = Double(bytes)
    var unit = 0
    while value >= 1024, unit + 1 < units.count {
      value /= 1024
      unit += 1
    }
    return unit == 0 ? "\(bytes) B" : "\(FixedPoint.text(value, digits: value < 10 ? 2 : 1)) \(units[unit])"
  }
}

/// Decimal fractions for people.
public enum FixedPoint {
  /// A number with a fixed count of digits after the point.
  public static func text(_ value: Double, digits: Int) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
    var power = 1.0
    for _ in 0..<digits { power *= 10 }
    let scaled = (abs(value) * power).rounded(.toNearestOrEven)
    let whole = Int(scaled / power)
    let fraction = String(Int(scaled - Double(whole) * power))
    let sign = value < 0 && scaled > 0 ? "-" : ""
    if digits == 0 { return "\(sign)\(whole)" }
    return "\(sign)\(whole)." + String(repeating: "0", count: max(0, digits - fraction.count)) + fraction
  }
}
