public import Digests

/// One piece of the calibration text, run from a zero state.
public struct Passage: Equatable, Sendable {
  /// The passage's number in the calibration text.
  public let index: Int
  /// Token ids, `[length]`.
  public let tokens: [UInt32]

  /// Makes the passage of a number.
  public init(index: Int, tokens: [UInt32]) {
    self.index = index
    self.tokens = tokens
  }

  /// What tells this passage from others: the SHA-256 of its number and its tokens.
  public var digest: SHA256Digest {
    let number = Self.bytes(UInt64(bitPattern: Int64(index)))
    return Digests.sha256(number + tokens.flatMap { Self.bytes($0) })
  }

  private static func bytes<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    (0..<Value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  /// Whole windows of a text, evenly spread over it: `count` of them, or all when there are fewer.
  ///
  /// - Parameters:
  ///   - tokens: the text's token ids.
  ///   - length: tokens of a passage, at least 1.
  ///   - count: passages wanted, at least 0.
  public static func sample(from tokens: [UInt32], length: Int, count: Int) -> [Passage] {
    precondition(length > 0 && count >= 0, "passages have tokens, and their number is not negative")
    let windows = tokens.count / length
    let chosen = min(count, windows)
    return (0..<chosen).map { number in
      let start = Int(UInt128(number) * UInt128(windows) / UInt128(chosen)) * length
      return Passage(index: number, tokens: Array(tokens[start..<start + length]))
    }
  }
}
