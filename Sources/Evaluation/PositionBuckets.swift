/// Ranges of positions in a window, the first of 16, each further one as long as all before it together.
struct PositionBuckets {
  /// In order; together they are the positions that are scored.
  let ranges: [Range<Int>]

  init(of windows: TextWindows) {
    let scored = windows.scoreFrom..<windows.length
    var ranges: [Range<Int>] = []
    var bounds = 0..<16
    while bounds.lowerBound < windows.length {
      let range = bounds.clamped(to: scored)
      if !range.isEmpty { ranges.append(range) }
      bounds = bounds.upperBound..<2 * bounds.upperBound
    }
    self.ranges = ranges
  }

  /// The bucket of a position; nil where it is not scored.
  func index(of position: Int) -> Int? { ranges.firstIndex { $0.contains(position) } }
}
