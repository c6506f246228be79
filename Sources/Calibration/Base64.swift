/// Base64 (RFC 4648, section 4) in its one canonical form: padded, without white space, unused bits zero.
enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let padding = UInt8(ascii: "=")
  /// What each byte stands for; 0xFF for bytes outside the alphabet.
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 0xFF, count: 256)
    for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
    return values
  }()

  /// The text of bytes, four characters for each three.
  static func encode(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let given = min(3, bytes.count - start)
      var group: UInt32 = 0
      for place in 0..<given { group |= UInt32(bytes[start + place]) << (16 - 8 * UInt32(place)) }
      for place in 0..<4 {
        let value = Int(group >> (18 - 6 * UInt32(place))) & 63
        text.append(place <= given ? alphabet[value] : padding)
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The bytes of a text; nil where `encode` would not have written it.
  static func decode(_ text: String) -> [UInt8]? {
    var text = text
    return text.withUTF8 { decode($0) }
  }

  private static func decode(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    guard text.count % 4 == 0 else { return nil }
    let padded = text.suffix(2).reduce(0) { $0 + ($1 == padding ? 1 : 0) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 4 * 3)
    return values.withUnsafeBufferPointer { values in
      for start in stride(from: 0, to: text.count, by: 4) {
        let missing = start + 4 == text.count ? padded : 0
        var (group, seen): (UInt32, UInt8) = (0, 0)
        for place in 0..<4 - missing {
          let value = values[Int(text[start + place])]
          seen |= value
          group |= UInt32(value) << (18 - 6 * UInt32(place))
        }
        // Every value is below 64, and padding stands at the end alone.
        guard seen < 64, missing == 0 || text[start + 3] == padding else { return nil }
        guard group & (1 << (8 * UInt32(missing)) - 1) == 0 else { return nil }
        for place in 0..<3 - missing {
          bytes.append(UInt8(truncatingIfNeeded: group >> (16 - 8 * UInt32(place))))
        }
      }
      return bytes
    }
  }
}
