/// How often each magnitude was seen, by the upper 17 bits of the float's bits without its sign.
public struct Histogram: Equatable, Sendable {
  /// Bins that are not empty.
  struct Bin: Equatable, Sendable {
    /// The float's bits shifted right by 14.
    let index: UInt32
    let count: UInt64
  }

  /// How many bins there are, those of infinities and NaNs among them.
  static let binCount = 1 << 17
  /// Bins of finite values.
  static let finiteBinCount = 0x7F80_0000 >> shift
  private static let shift = 14

  /// Bins that are not empty, ascending, as pairs of numbers of variable length.
  ///
  /// How far the bin is above the one before it (above −1 for the first), less 1, and its count, less 1. A model has many
  /// histograms, so they are kept like this.
  let packedBins: [UInt8]
  /// The largest magnitude.
  public let maximum: Float

  /// A histogram of bins that are not empty, ascending.
  init(bins: some Sequence<Bin>, maximum: Float) {
    var bytes: [UInt8] = []
    var next: UInt32 = 0
    for bin in bins {
      VariableLength.append(UInt64(bin.index - next), to: &bytes)
      VariableLength.append(bin.count - 1, to: &bytes)
      next = bin.index + 1
    }
    packedBins = bytes
    self.maximum = maximum
  }

  /// Bins that are not empty, ascending.
  /// - Complexity: O(bins).
  var bins: [Bin] {
    var bytes = packedBins[...]
    var bins: [Bin] = []
    var next: UInt32 = 0
    while let gap = VariableLength.take(from: &bytes), let count = VariableLength.take(from: &bytes) {
      bins.append(Bin(index: next + UInt32(gap), count: count + 1))
      next += UInt32(gap) + 1
    }
    return bins
  }

  /// How many elements were seen.
  public var count: UInt64 { bins.reduce(0) { $0 + $1.count } }

  /// The bin of a magnitude.
  static func bin(of magnitude: Float) -> UInt32 { magnitude.bitPattern >> shift }

  /// The smallest magnitude above a bin.
  static func upperEdge(of bin: UInt32) -> Float { Float(bitPattern: (bin + 1) << shift) }

  /// The middle of a bin.
  static func middle(of bin: UInt32) -> Double {
    Double(Float(bitPattern: (bin << shift) + (1 << (shift - 1))))
  }

  /// The counts of both, or nil when one would pass 63 bits.
  func adding(_ other: Histogram) -> Histogram? {
    var counts = Dictionary(uniqueKeysWithValues: bins.map { ($0.index, $0.count) })
    for bin in other.bins { counts[bin.index, default: 0] += bin.count }
    guard counts.values.allSatisfy({ $0 <= UInt64(Int64.max) }) else { return nil }
    let sum = counts.sorted { $0.key < $1.key }.map { Bin(index: $0.key, count: $0.value) }
    return Histogram(bins: sum, maximum: max(maximum, other.maximum))
  }
}
