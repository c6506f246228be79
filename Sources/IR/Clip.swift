/// How the range of a quantized tensor is chosen.
public enum Clip: Hashable, Sendable {
  /// The largest magnitude.
  case maximum
  /// The magnitude below which this percentage of all elements lies; above 0 and at most 100.
  case percentile(Double)
  /// The magnitude that gives the least mean squared error.
  case leastError
}

extension Clip: LosslessStringConvertible {
  private static let percentilePrefix = "percentile:"

  /// Reads `maximum`, `least-error`, or `percentile:` and a number above 0 and at most 100.
  public init?(_ text: String) {
    switch text {
    case "maximum": self = .maximum
    case "least-error": self = .leastError
    default:
      let number = text.dropFirst(Self.percentilePrefix.count)
      guard text.hasPrefix(Self.percentilePrefix), number.first?.isNumber == true,
        let percent = Double(number), percent > 0, percent <= 100
      else { return nil }
      self = .percentile(percent)
    }
  }

  /// The text that `init` reads.
  public var description: String {
    switch self {
    case .maximum: return "maximum"
    case .leastError: return "least-error"
    case .percentile(let percent):
      let number = percent.description
      return Self.percentilePrefix + (number.hasSuffix(".0") ? String(number.dropLast(2)) : number)
    }
  }

  /// What `init` reads, in words.
  public static let forms = "maximum, least-error, or percentile:P with P above 0 and at most 100"
}

/// Clips of weights.
extension Clip {
  /// The parts of the maximum that a search for the least error tries, in this order; the first of equals is taken.
  private static let fractions = (0...48).map { 1 - Float($0) / 64 }

  /// The clips that a search for the least error tries.
  public static func candidates(maximum: Float) -> [Float] { fractions.map { $0 * maximum } }

  /// The candidate with the least error.
  /// - Parameter errors: the squared error of each candidate.
  public static func best(_ errors: [Double], maximum: Float) -> Float {
    var best = 0
    for (index, error) in errors.enumerated() where error < errors[best] { best = index }
    return candidates(maximum: maximum)[best]
  }

  /// The place, from 1, of the magnitude that so many percent of `count` sorted ones do not exceed.
  public static func rank(percent: Double, count: Int) -> Int {
    min(max(Int((percent * Double(count) / 100 - 1e-9).rounded(.up)), 1), count)
  }

  /// Magnitudes are told apart by the upper 17 bits of 31: the bin of one.
  public static func bin(of magnitude: Float) -> UInt32 { magnitude.bitPattern >> 14 }

  /// The clip that stands for a bin, never above the maximum.
  public static func magnitude(ofBin bin: UInt32, maximum: Float) -> Float {
    min(Float(bitPattern: (bin + 1) << 14), maximum)
  }
}

/// What the backend's kernels compute, in the same order of operations.
extension Clip {
  /// The magnitude at which rows that share a scale are clipped.
  /// - Parameter highest: the largest code.
  func magnitude(of rows: [ArraySlice<Float>], highest: Float = Quantizer.highest) -> Float {
    let magnitudes = rows.joined().map { abs($0) }
    let maximum = magnitudes.reduce(0) { max($0, $1) }
    switch self {
    case .maximum: return maximum
    case .percentile(let percent):
      guard !magnitudes.isEmpty else { return 0 }
      let bins = magnitudes.map(Self.bin).sorted()
      return Self.magnitude(
        ofBin: bins[Self.rank(percent: percent, count: bins.count) - 1], maximum: maximum)
    case .leastError:
      let errors = Self.candidates(maximum: maximum).map { clip in
        let scale = Quantizer.scale(maximum: clip, highest: highest)
        return rows.reduce(0.0) { $0 + Double(Self.error(of: $1, scale: scale, highest: highest)) }
      }
      return Self.best(errors, maximum: maximum)
    }
  }

  /// The squared error of a row's codes: element i into partial i mod 16, then the tree.
  static func error(of row: ArraySlice<Float>, scale: Float, highest: Float) -> Float {
    let inverse = Quantizer.inverse(scale: scale)
    var sums = [Float](repeating: 0, count: 16)
    for (index, value) in row.enumerated() {
      let code = Quantizer.code(value, inverse: inverse, low: -highest, high: highest)
      let error = value.addingProduct(-code, scale)
      sums[index % 16] = sums[index % 16].addingProduct(error, error)
    }
    let halves = (0..<8).map { sums[$0] + sums[$0 + 8] }
    let quarters = (0..<4).map { halves[$0] + halves[$0 + 4] }
    return (quarters[0] + quarters[2]) + (quarters[1] + quarters[3])
  }
}
