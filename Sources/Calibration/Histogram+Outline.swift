extension Histogram {
  /// How many elements have a magnitude from `lower` to below `upper`.
  public struct Step: Equatable, Sendable {
    /// The smallest magnitude.
    public let lower: Float
    /// The smallest magnitude above.
    public let upper: Float
    /// Elements seen.
    public let count: UInt64
  }

  /// The counts in steps of an eighth of an octave, ascending, up to the maximum's.
  ///
  /// Elements below the first step are left out, zeros among them.
  /// - Parameter octaves: how far the outline goes down from the maximum, at least 1.
  public func outline(octaves: Int) -> [Step] {
    precondition(octaves > 0, "an outline has at least one octave")
    let bins = 64  // of 512 an octave
    let last = Int(Self.bin(of: maximum)) / bins
    let first = max(0, last + 1 - octaves * 8)
    var counts = [UInt64](repeating: 0, count: last + 1 - first)
    for bin in self.bins where Int(bin.index) / bins >= first {
      counts[min(Int(bin.index) / bins, last) - first] += bin.count
    }
    return counts.enumerated().map { step, count in
      let edge = UInt32((first + step) * bins)
      return Step(
        lower: edge == 0 ? 0 : Self.upperEdge(of: edge - 1),
        upper: Self.upperEdge(of: edge + UInt32(bins) - 1),
        count: count)
    }
  }
}
