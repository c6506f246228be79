/// The characters that stand for bytes in a byte-level vocabulary: printable Latin-1 stands for itself, the
/// other bytes are U+0100 and up, in order.
package enum ByteAlphabet {
  private static let characters: [Unicode.Scalar] = {
    var next: UInt32 = 0x100
    return (0..<256).map { byte in
      if isPrintable(UInt32(byte)) { return Unicode.Scalar(UInt8(byte)) }
      defer { next += 1 }
      return Unicode.Scalar(next) ?? "\u{FFFD}"
    }
  }()

  /// Byte by the value of its character, `[next free character]`.
  private static let bytes: [UInt8?] = {
    var table = [UInt8?](repeating: nil, count: 0x200)
    for byte in 0..<256 { table[Int(characters[byte].value)] = UInt8(byte) }
    return table
  }()

  private static func isPrintable(_ value: UInt32) -> Bool {
    (0x21...0x7E).contains(value) || (0xA1...0xAC).contains(value) || (0xAE...0xFF).contains(value)
  }

  /// The character that stands for a byte.
  package static func character(of byte: UInt8) -> Unicode.Scalar { characters[Int(byte)] }

  /// The bytes that a token's name stands for, or nil where a character stands for none.
  package static func bytes(of name: String) -> [UInt8]? {
    var result: [UInt8] = []
    result.reserveCapacity(name.utf8.count)
    for scalar in name.unicodeScalars {
      guard scalar.value < bytes.count, let byte = bytes[Int(scalar.value)] else { return nil }
      result.append(byte)
    }
    return result
  }
}
