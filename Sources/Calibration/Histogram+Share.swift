extension Histogram {
  /// The share of all elements whose magnitude is above a clip, counted in whole bins.
  public func share(above clip: Float) -> Double {
    let total = count
    guard total > 0 else { return 0 }
    let above = bins.reduce(UInt64(0)) { $0 + (Histogram.lowerEdge(of: $1.index) >= clip ? $1.count : 0) }
    return Double(above) / Double(total)
  }
}

extension Histogram {
  /// The smallest magnitude of a bin.
  private static func lowerEdge(of bin: UInt32) -> Float { bin == 0 ? 0 : upperEdge(of: bin - 1) }
}
