/// Counts of a histogram's bins while it is taken, in memory only for the exponents that occur.
struct BinCounts {
  /// Bins of one exponent.
  private static let width = 512
  /// The counts of each exponent; empty until one is counted.
  private var blocks = [[UInt64]](repeating: [], count: Histogram.binCount / width)

  /// Adds the counts of all bins, `[binCount]`, and clears them.
  mutating func move(from source: UnsafeMutablePointer<UInt64>) {
    for index in blocks.indices {
      let counts = UnsafeMutableBufferPointer(start: source + index * Self.width, count: Self.width)
      guard counts.reduce(0, |) != 0 else { continue }
      if blocks[index].isEmpty { blocks[index] = Array(repeating: 0, count: Self.width) }
      blocks[index].withUnsafeMutableBufferPointer { block in
        for bin in block.indices { block[bin] += counts[bin] }
      }
      counts.update(repeating: 0)
    }
  }

  /// The counts as a histogram.
  func histogram(maximum: Float) -> Histogram {
    let bins = blocks.lazy.enumerated().flatMap { index, block in
      block.lazy.enumerated().filter { $0.element > 0 }.map {
        Histogram.Bin(index: UInt32(index * Self.width + $0.offset), count: $0.element)
      }
    }
    return Histogram(bins: bins, maximum: maximum)
  }
}
