/// Appends little-endian numbers to an array.
struct ByteWriter {
  private(set) var bytes: [UInt8] = []

  mutating func write<Number: FixedWidthInteger>(_ number: Number) {
    for shift in stride(from: 0, to: Number.bitWidth, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: number >> Number(shift)))
    }
  }

  mutating func write(_ more: [UInt8]) { bytes += more }

  /// Writes zeros until `count` bytes are there.
  mutating func pad(to count: Int) {
    bytes += Array(repeating: 0, count: max(0, count - bytes.count))
  }
}
