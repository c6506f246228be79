/// Bytes of a mapped file, read with checks alone.
///
/// A view must not outlive the mapping.
@safe struct ByteView {
  private let bytes: UnsafeRawBufferPointer

  /// A view of bytes that outlive it.
  init(_ bytes: UnsafeRawBufferPointer) { unsafe self.bytes = unsafe bytes }

  /// Number of bytes.
  var count: Int { unsafe bytes.count }

  /// The byte at an offset, nil beyond the end.
  subscript(offset: Int) -> UInt8? {
    guard offset >= 0, offset < count else { return nil }
    return unsafe bytes[offset]
  }

  /// The number that is stored at an offset, least significant byte first; nil where it is cut short.
  func integer<Number: FixedWidthInteger & BitwiseCopyable>(_ type: Number.Type, at offset: Int) -> Number? {
    let width = MemoryLayout<Number>.size
    guard offset >= 0, offset <= count, count - offset >= width else { return nil }
    return unsafe Number(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: type))
  }

  /// A part of the bytes, nil where it is cut short.
  func slice(from offset: Int, count length: Int) -> ByteView? {
    guard offset >= 0, length >= 0, offset <= count, count - offset >= length else { return nil }
    return unsafe ByteView(UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length]))
  }

  /// The bytes as an array.
  var array: [UInt8] { unsafe Array(bytes) }

  /// The bytes as text, nil where they are not UTF-8.
  var text: String? { unsafe String(validating: bytes, as: UTF8.self) }

  /// Whether the bytes begin with these.
  func starts(with prefix: [UInt8]) -> Bool { unsafe bytes.starts(with: prefix) }

  /// The offset of the first byte of this value at or after `start`.
  func firstOffset(of byte: UInt8, from start: Int, limit: Int) -> Int? {
    guard start >= 0, start < count else { return nil }
    return unsafe bytes[start..<min(count, start + limit)].firstIndex(of: byte)
  }

  /// The checksum of the bytes.
  var checksum: UInt32 { unsafe CRC32.checksum(bytes) }
}
