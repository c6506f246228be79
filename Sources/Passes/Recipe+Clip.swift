extension Recipe {
  /// How the range of a tensor is chosen.
  public enum Clip: Hashable, Sendable {
    /// The largest magnitude seen.
    case maximum
    /// The magnitude below which this percentage of all elements lies; above 0 and at most 100.
    case percentile(Double)
    /// The magnitude that gives the least mean squared error.
    case leastError
  }

  /// A class of activations: the last part of the names of its tensors.
  public enum TensorClass: String, Sendable, CaseIterable {
    case norm, x, z, u
    /// The copy of u that the scan reads, where it has scales of its own.
    case uScan = "u_scan"
    case dtLow = "dt_low"
    case b, c, dt, y
    case yRotated = "y_rotated"
    case normF = "norm_f"

    /// The class of a tensor, nil for one that is never quantized.
    public init?(ofTensor name: String) {
      self.init(rawValue: String(name.split(separator: ".", omittingEmptySubsequences: false).last ?? ""))
    }
  }
}

extension Recipe.Clip: LosslessStringConvertible {
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
