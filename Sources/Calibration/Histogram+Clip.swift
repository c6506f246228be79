extension Histogram {
  /// A magnitude that so many percent of the elements do not exceed.
  ///
  /// It is the upper edge of the first bin whose cumulative count reaches ⌈percent / 100 · count⌉, and never
  /// above the maximum.
  ///
  /// - Parameter percent: above 0 and at most 100, which gives the maximum; read to nine decimals.
  public func percentile(_ percent: Double) -> Float {
    precondition(percent > 0 && percent <= 100, "a percentile is above 0 and at most 100")
    guard percent < 100 else { return maximum }
    // In decimal: 99.9 percent of 1,000 elements are 999, which the nearest binary fraction would round up.
    let unit: UInt128 = 1_000_000_000
    let share = UInt128((percent * 1e9).rounded())
    let wanted = (share * UInt128(count) + 100 * unit - 1) / (100 * unit)
    var seen: UInt128 = 0
    for bin in bins {
      seen += UInt128(bin.count)
      if seen >= wanted { return min(Self.upperEdge(of: bin.index), maximum) }
    }
    return maximum
  }

  /// The clip with the least expected squared error of symmetric int8 codes, scale = clip / 127.
  ///
  /// It is the edge of a bin, or the maximum. Inside the clip the error is step² / 12, but for zeros, which are
  /// exact; outside it is (|x| − clip)², with |x| in the middle of its bin.
  ///
  /// - Complexity: O(bins that are not empty).
  public func leastErrorClip() -> Float {
    let nonzero = bins.drop { $0.index == 0 }
    guard !nonzero.isEmpty else { return maximum }
    let tails = Self.tails(of: nonzero)
    let elements = tails[0].count
    var best = (clip: maximum, error: Self.error(inside: elements, tail: Tail(), clip: Double(maximum)))
    for (bin, (next, tail)) in zip(nonzero, zip(nonzero.dropFirst(), tails.dropFirst())) {
      let inside = elements - tail.count
      for index in Self.candidates(bin.index..<next.index, inside: inside, tail: tail) {
        let clip = Self.upperEdge(of: index)
        let error = Self.error(inside: inside, tail: tail, clip: Double(clip))
        if error < best.error { best = (clip, error) }
      }
    }
    return best.clip
  }

  /// The bins of which one has the upper edge of least error, where the elements inside the clip are the same for all.
  ///
  /// The error is a parabola there, so that they lie around its vertex or at an end.
  private static func candidates(
    _ bins: Range<UInt32>, inside: Double, tail: Tail
  ) -> ClosedRange<UInt32> {
    let vertex = tail.sum / (tail.count + inside / (12 * 127 * 127))
    let (low, high) = (bins.lowerBound, bins.upperBound - 1)
    let middle = min(max(bin(of: Float(vertex)), low), high)
    return max(low, middle - min(middle, 2))...min(high, middle + 2)
  }

  /// Sums over the bins above a clip.
  private struct Tail {
    var count = 0.0
    var sum = 0.0
    var squares = 0.0
  }

  /// The sums over the bins from each one up, and over none.
  private static func tails(of bins: ArraySlice<Bin>) -> [Tail] {
    var tails = [Tail()]
    for bin in bins.reversed() {
      var tail = tails[tails.count - 1]
      let (count, value) = (Double(bin.count), middle(of: bin.index))
      tail.count += count
      tail.sum += count * value
      tail.squares += count * value * value
      tails.append(tail)
    }
    return tails.reversed()
  }

  private static func error(inside: Double, tail: Tail, clip: Double) -> Double {
    let step = clip / 127
    return inside * step * step / 12 + (tail.squares - 2 * clip * tail.sum + clip * clip * tail.count)
  }
}
