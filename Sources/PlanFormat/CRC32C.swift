/// The Castagnoli CRC of 32 bits, as in iSCSI: reflected, initial value and final exclusive-or all ones.
struct CRC32C {
  private var register: UInt32 = .max

  /// The checksum of the bytes so far.
  var value: UInt32 { ~register }

  /// Adds one byte.
  mutating func update(_ byte: UInt8) {
    register ^= UInt32(byte)
    for _ in 0..<8 {
      let mask = 0 &- (register & 1)
      register = (register >> 1) ^ (0x82F6_3B78 & mask)
    }
  }
}
