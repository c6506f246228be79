public import Digests

/// What calibration has seen of every float32 tensor of a plan: the content of a `.qstats` file.
///
/// Statistics of parts of a calibration merge to exactly those of the whole, however it was split.
public struct Statistics: Equatable, Sendable {
  /// The version of the file format that this code writes and reads.
  public static let formatVersion: Int64 = 2
  /// The most passages that a calibration counts.
  public static let mostPassages = 200_000
  /// The most tensors that it observes.
  static let mostTaps = 200_000

  /// What the statistics belong to.
  public let bindings: Bindings
  /// The passages that were counted, ascending by number, each once.
  public let passages: [CountedPassage]
  /// One entry a tensor, ascending by name.
  public let taps: [TapStatistics]

  init(bindings: Bindings, passages: [CountedPassage], taps: [TapStatistics]) {
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

/// A passage that statistics have counted.
public struct CountedPassage: Hashable, Sendable {
  /// The passage's number in the calibration text.
  public let index: Int
  /// The SHA-256 of its number and its tokens.
  public let digest: SHA256Digest
}

extension Statistics {
  /// Numbers of the passages that the whole calibration has and these statistics have not counted, ascending.
  public var missingPassages: [Range<Int>] {
    var missing: [Range<Int>] = []
    var next = 0
    for passage in passages {
      if passage.index > next { missing.append(next..<passage.index) }
      next = passage.index + 1
    }
    if next < bindings.sampleCount { missing.append(next..<bindings.sampleCount) }
    return missing
  }

  /// Whether every passage of the calibration is counted.
  public var isComplete: Bool { passages.count == bindings.sampleCount }
}
