extension Statistics {
  /// The statistics of both parts of one calibration.
  ///
  /// - Throws: `StatisticsError` naming bindings or taps that differ, or passages that both have counted.
  public func merging(_ other: Statistics) throws(StatisticsError) -> Statistics {
    let differing = bindings.mismatch(with: other.bindings)
    guard differing.isEmpty else { throw .bindings(differing) }
    let counted = Set(passages.map(\.index))
    let doubled = other.passages.map(\.index).filter(counted.contains)
    guard doubled.isEmpty else { throw .passages(doubled) }
    return Statistics(
      bindings: bindings, passages: (passages + other.passages).sorted { $0.index < $1.index },
      taps: try merge(other.taps))
  }

  /// The statistics of all parts of one calibration, in any order.
  ///
  /// - Throws: `StatisticsError` as `merging` does, and for no parts.
  public static func merge(_ parts: [Statistics]) throws(StatisticsError) -> Statistics {
    guard var whole = parts.first else { throw .nothingToMerge }
    for part in parts.dropFirst() { whole = try whole.merging(part) }
    return whole
  }

  private func merge(_ others: [TapStatistics]) throws(StatisticsError) -> [TapStatistics] {
    let names = Set(taps.map(\.name)).symmetricDifference(others.map(\.name))
    guard names.isEmpty else { throw .taps(names.sorted()) }
    let pairs = zip(taps, others)
    let differing = pairs.filter { !$0.isComparable(with: $1) }
    guard differing.isEmpty else { throw .taps(differing.map(\.0.name)) }
    var merged: [TapStatistics] = []
    for (mine, theirs) in pairs {
      guard let sum = mine.adding(theirs) else { throw .overflow(tap: mine.name) }
      merged.append(sum)
    }
    return merged
  }
}
