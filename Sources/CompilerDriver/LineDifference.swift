/// Which lines of two texts differ.
///
/// The n-th of equal lines of one text stands for the n-th of the other, and of such pairs as many stay as stand in the
/// same order in both. Where no text has a line twice, as in texts of modules, no fewer lines can differ.
package struct LineDifference {
  /// The lines that are left out, `-` before them, and those that are new, `+` before them, in the order of their places.
  package let changes: [String]

  /// Compares two texts.
  /// - Complexity: O(n · log(n)).
  package init(from first: [Substring], to second: [Substring]) {
    let pairs = Self.longestRise(Self.counterparts(of: first, in: second))
    var changes: [(place: Int, isNew: Bool, line: String)] = []
    let kept = (first: Set(pairs.map(\.first)), second: Set(pairs.map(\.second)))
    for (place, line) in first.enumerated() where !kept.first.contains(place) {
      changes.append((place, false, "-\(line)"))
    }
    for (place, line) in second.enumerated() where !kept.second.contains(place) {
      changes.append((place, true, "+\(line)"))
    }
    self.changes = changes.sorted { ($0.place, $0.isNew ? 1 : 0) < ($1.place, $1.isNew ? 1 : 0) }.map(\.line)
  }

  /// A line of the first text and the same one in the second, by their places.
  private typealias Pair = (first: Int, second: Int)

  /// Pairs of equal lines, in the order of the first text.
  private static func counterparts(of first: [Substring], in second: [Substring]) -> [Pair] {
    var places: [Substring: [Int]] = [:]
    for (place, line) in second.enumerated().reversed() { places[line, default: []].append(place) }
    return first.enumerated().compactMap { place, line in places[line]?.popLast().map { (place, $0) } }
  }

  /// The longest choice of pairs whose second places rise.
  private static func longestRise(_ pairs: [Pair]) -> [Pair] {
    // By length less 1: the pair that ends a rise of that length lowest.
    var ends: [Int] = []
    var before = [Int?](repeating: nil, count: pairs.count)
    for index in pairs.indices {
      var (low, high) = (0, ends.count)
      while low < high {
        let middle = (low + high) / 2
        if pairs[ends[middle]].second < pairs[index].second { low = middle + 1 } else { high = middle }
      }
      before[index] = low > 0 ? ends[low - 1] : nil
      if low == ends.count { ends.append(index) } else { ends[low] = index }
    }
    var (rise, next) = ([Pair](), ends.last)
    while let index = next {
      rise.append(pairs[index])
      next = before[index]
    }
    return rise
  }
}
