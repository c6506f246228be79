public import JSONText

/// Values below which a share of all values lies, from the largest share down.
///
/// Between two neighbours in order the value is interpolated linearly, as numpy and llama-perplexity do.
public struct Quantiles: Equatable, Sendable {
  /// One of them.
  public struct Entry: Equatable, Sendable {
    /// The percentage of values below; 0 for the minimum, 100 for the maximum.
    public let percent: Double
    /// The value.
    public let value: Double

    /// `maximum`, `median`, `minimum`, or the percentage.
    public var name: String {
      switch percent {
      case 100: "maximum"
      case 50: "median"
      case 0: "minimum"
      case percent.rounded(): "\(Int(percent))"
      default: "\(percent)"
      }
    }
  }

  /// In descending order.
  public let entries: [Entry]

  /// Sorts at least one value, and takes those at `percents`, each from 0 to 100.
  public init(_ values: [Double], percents: [Double]) {
    precondition(!values.isEmpty, "there is no value")
    let sorted = values.sorted()
    entries = percents.sorted(by: >).map { percent in
      let place = percent / 100 * Double(sorted.count - 1)
      let lower = min(Int(place), sorted.count - 1)
      let upper = min(lower + 1, sorted.count - 1)
      let share = place - Double(lower)
      return Entry(percent: percent, value: sorted[lower] + share * (sorted[upper] - sorted[lower]))
    }
  }

  /// The value at a percentage that was asked for.
  public subscript(percent: Double) -> Double? { entries.first { $0.percent == percent }?.value }

  /// The values by name.
  public var json: JSONValue { .object(entries.map { ($0.name, .finite($0.value)) }) }
}

extension JSONValue {
  /// A number, or null where it is not finite.
  static func finite(_ value: Double) -> JSONValue { value.isFinite ? .number(value) : .null }
}
