/// What statistics belong to: they say nothing about any other model, text or way of observing.
public struct Bindings: Equatable, Sendable {
  /// SHA-256 in hexadecimal by what it is of: `model`, `tokenizer`, `text`, `module`.
  public var digests: [String: String]
  /// Tokens of a passage at most.
  public var sequenceLength: Int
  /// Passages of the whole calibration, also in statistics of a part of it.
  public var sampleCount: Int

  /// Makes bindings; digests have 64 lower-case hexadecimal digits each.
  public init(digests: [String: String], sequenceLength: Int, sampleCount: Int) {
    self.digests = digests
    self.sequenceLength = sequenceLength
    self.sampleCount = sampleCount
  }

  /// Names, in order, of everything that differs: digests, `sequence_length`, `sample_count`.
  public func mismatch(with other: Bindings) -> [String] {
    let keys = Set(digests.keys).union(other.digests.keys)
    var names = keys.filter { digests[$0] != other.digests[$0] }
    if sequenceLength != other.sequenceLength { names.insert("sequence_length") }
    if sampleCount != other.sampleCount { names.insert("sample_count") }
    return names.sorted()
  }
}
