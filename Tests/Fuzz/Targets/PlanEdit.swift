import PlanFormat

/// One change to a plan, mostly before its weights: at 4-byte steps, a number or what stands elsewhere.
struct PlanEdit {
  private let place: Int
  private let kind: UInt8
  private let value: UInt32

  /// Reads eight bytes: place (u24), kind (u8), value (u32).
  init(_ bytes: ArraySlice<UInt8>) {
    let bytes = Array(bytes)
    place = Int(bytes[0]) | Int(bytes[1]) << 8 | Int(bytes[2]) << 16
    kind = bytes[3]
    value = bytes[4...].reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// Changes the bytes of a plan whose weights begin at an offset.
  func apply(to bytes: inout [UInt8], weightsOffset: Int) {
    let words = (kind & 24 == 0 ? bytes.count - 8 : weightsOffset) / 4
    let offset = place % words * 4
    let old = Self.word(at: offset, bytes)
    switch kind % 8 {
    case 0: PlanMending.write(value, at: offset, &bytes)
    case 1: PlanMending.write(old &+ UInt32(Int32(bitPattern: value) & 63), at: offset, &bytes)
    case 2: PlanMending.write(old &- UInt32(Int32(bitPattern: value) & 63), at: offset, &bytes)
    case 3: PlanMending.write(old ^ 1 << (value & 31), at: offset, &bytes)
    case 4: PlanMending.write(Self.word(at: Int(value) % words * 4, bytes), at: offset, &bytes)
    case 5: PlanMending.write(UInt64(value), at: offset, &bytes)
    case 6: copyRecord(to: offset, &bytes)
    default: bytes[offset + Int(value & 3)] = UInt8(truncatingIfNeeded: value >> 8)
    }
  }

  /// Copies 16, 32, 48 or 64 bytes from another place.
  private func copyRecord(to offset: Int, _ bytes: inout [UInt8]) {
    let count = min(16 + Int(value & 3) * 16, bytes.count - offset)
    let start = Int(value >> 2) % ((bytes.count - count) / 4 + 1) * 4
    bytes.replaceSubrange(offset..<(offset + count), with: Array(bytes[start..<(start + count)]))
  }

  private static func word(at offset: Int, _ bytes: [UInt8]) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << (8 * UInt32($1)) }
  }
}
