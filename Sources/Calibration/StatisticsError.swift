public import JSONText

/// Why statistics could not be read or merged.
public enum StatisticsError: Error, Equatable, CustomStringConvertible, Sendable {
  /// The text is no JSON, or not as statistics are; the error names the place.
  case json(JSONError)
  /// The file is of another version of the format.
  case version(found: Int64, supported: Int64)
  /// The bindings of these names differ.
  case bindings([String])
  /// The taps of these names are in one of the parts only, or are observed in another way.
  case taps([String])
  /// The passages of these numbers, ascending, are counted in both parts.
  case passages([Int])
  /// A count of this tap would pass 63 bits.
  case overflow(tap: String)
  /// No parts were given.
  case nothingToMerge

  /// What is wrong, as one sentence.
  public var description: String {
    switch self {
    case .json(let error): error.description
    case .version(let found, let supported):
      "the statistics have version \(found) of the format, this tool reads version \(supported)"
    case .bindings(let names): "the statistics are of other inputs: \(names.joined(separator: ", ")) differ"
    case .taps(let names): "the statistics observe other tensors: \(Self.list(names))"
    case .passages(let numbers): "passages are counted twice: \(Self.list(numbers.map(String.init)))"
    case .overflow(let tap): "\(tap): the count passes 2^63"
    case .nothingToMerge: "there are no statistics to merge"
    }
  }

  /// The first few of a list.
  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(5).joined(separator: ", ")
    return names.count > 5 ? "\(shown) and \(names.count - 5) more" : shown
  }
}
