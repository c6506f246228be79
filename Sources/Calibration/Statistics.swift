public import Digests

/// What calibration has seen of every float32 tensor of a plan: the content of a `.qstats` file.
///
/// Statistics of parts of a calibration merge to exactly those of the whole, however it was split.
public struct Statistics: Equatable, Sendable {
  /// The version of the file format that this code writes and reads.
  public static let formatVersion: Int64 = 1

  /// What the statistics belong to.
  public let bindings: Bindings
  /// Digests of the passages that were counted, ascending, each once.
  public let passages: [SHA256Digest]
  /// One entry a tensor, ascending by name.
  public let taps: [TapStatistics]

  init(bindings: Bindings, passages: [SHA256Digest], taps: [TapStatistics]) {
    self.bindings = bindings
    self.passages = passages
    self.taps = taps
  }

  /// The statistics of the tensor of this name.
  /// - Complexity: O(log taps).
  public subscript(name: String) -> TapStatistics? {
    var range = taps.indices
    while let middle = range.isEmpty ? nil : range.lowerBound + range.count / 2 {
      if taps[middle].name == name { return taps[middle] }
      range = taps[middle].name < name ? middle + 1..<range.upperBound : range.lowerBound..<middle
    }
    return nil
  }

  /// Names, in order, of the digests that differ from these or are absent; others are not compared.
  public func mismatch(with digests: [String: String]) -> [String] {
    digests.filter { bindings.digests[$0.key] != $0.value }.keys.sorted()
  }

  /// Names, in order, of everything in which the bindings differ from these.
  public func mismatch(with bindings: Bindings) -> [String] { self.bindings.mismatch(with: bindings) }
}

extension SHA256Digest {
  /// Whether this digest stands before another: by bytes, as by hexadecimal digits.
  func precedes(_ other: SHA256Digest) -> Bool { bytes.lexicographicallyPrecedes(other.bytes) }
}
