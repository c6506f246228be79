/// The checksum of zip archives: CRC-32 of the polynomial 0xEDB88320, bits reversed.
enum CRC32 {
  /// Eight tables of 256: what a byte does to the checksum with 0 to 7 bytes after it.
  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var value = UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 0 ? value >> 1 : value >> 1 ^ 0xEDB8_8320 }
      tables[byte] = value
    }
    for index in 256..<tables.count {
      let before = tables[index - 256]
      tables[index] = before >> 8 ^ tables[Int(before & 0xFF)]
    }
    return tables
  }()

  /// The checksum of all bytes.
  static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    unsafe tables.withUnsafeBufferPointer { table in
      var value = UInt32.max
      var offset = 0
      while bytes.count - offset >= 8 {
        let word = unsafe UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        var mixed = word ^ UInt64(value)
        value = 0
        for position in 0..<8 {
          unsafe value ^= table[(7 - position) * 256 + Int(mixed & 0xFF)]
          mixed >>= 8
        }
        offset += 8
      }
      while offset < bytes.count {
        unsafe value = value >> 8 ^ table[Int((value ^ UInt32(bytes[offset])) & 0xFF)]
        offset += 1
      }
      return ~value
    }
  }
}
