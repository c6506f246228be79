/// A running 64-bit digest of float32 bits (FNV-1a over 32-bit words); for comparing runs, not for security.
public struct LogitsDigest: Equatable, Sendable {
  /// The digest so far.
  public private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  /// Adds the bits of every element.
  mutating func update(_ logits: UnsafeBufferPointer<Float>) {
    for logit in logits { value = (value ^ UInt64(logit.bitPattern)) &* 0x100_0000_01B3 }
  }

  /// The digest as 16 hexadecimal digits.
  public var text: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
