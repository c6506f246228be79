/// BLAKE2b without a key (RFC 7693) over bytes that arrive in pieces.
public struct BLAKE2bHasher {
  /// Bytes that are compressed at once.
  private static let blockBytes = 128

  private static let initial = (
    low: Row(0x6A09_E667_F3BC_C908, 0xBB67_AE85_84CA_A73B, 0x3C6E_F372_FE94_F82B, 0xA54F_F53A_5F1D_36F1),
    high: Row(0x510E_527F_ADE6_82D1, 0x9B05_688C_2B3E_6C1F, 0x1F83_D9AB_FB41_BD6B, 0x5BE0_CD19_137E_2179)
  )

  /// Which word of the block each of the 16 mixing steps takes, in each of the 10 rounds that differ.
  private static let schedule: [[Int]] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
    [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
    [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
    [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
    [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
    [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
    [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
    [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
    [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
  ]

  private typealias Row = SIMD4<UInt64>

  private let digestBytes: Int
  private var low: Row
  private var high: Row
  /// Bytes compressed so far; no file is longer.
  private var count: UInt64 = 0
  /// Bytes that wait for the rest of their block; the last block must wait until it is known to be the last.
  private var pending: [UInt8] = []

  /// Starts the digest of no bytes.
  /// - Parameter byteCount: bytes of the digest, from 1 to 64.
  public init(byteCount: Int = 64) {
    precondition((1...64).contains(byteCount), "a BLAKE2b digest has from 1 to 64 bytes")
    digestBytes = byteCount
    (low, high) = Self.initial
    low[0] ^= 0x0101_0000 ^ UInt64(byteCount)
  }

  /// Appends bytes to what is digested.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    var rest = unsafe bytes[...]
    if !pending.isEmpty {
      let missing = unsafe rest.prefix(Self.blockBytes - pending.count)
      unsafe pending.append(contentsOf: missing)
      unsafe rest = rest.dropFirst(missing.count)
      guard unsafe !rest.isEmpty else { return }
      compressPending(isLast: false)
    }
    while unsafe rest.count > Self.blockBytes {
      count += UInt64(Self.blockBytes)
      unsafe compress(UnsafeRawBufferPointer(rebasing: rest.prefix(Self.blockBytes)), isLast: false)
      unsafe rest = rest.dropFirst(Self.blockBytes)
    }
    unsafe pending.append(contentsOf: rest)
  }

  /// Appends bytes to what is digested.
  public mutating func update(_ bytes: [UInt8]) {
    unsafe bytes.withUnsafeBytes { unsafe update($0) }
  }

  /// Gives the digest of everything appended so far.
  public func finalize() -> [UInt8] {
    var last = self
    last.compressPending(isLast: true)
    let words = (0..<4).map { last.low[$0] } + (0..<4).map { last.high[$0] }
    let bytes = words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
    return Array(bytes.prefix(digestBytes))
  }

  private mutating func compressPending(isLast: Bool) {
    count += UInt64(pending.count)
    let block = pending + Array(repeating: 0, count: Self.blockBytes - pending.count)
    unsafe block.withUnsafeBytes { unsafe compress($0, isLast: isLast) }
    pending.removeAll(keepingCapacity: true)
  }

  private mutating func compress(_ block: UnsafeRawBufferPointer, isLast: Bool) {
    var words = InlineArray<16, UInt64>(repeating: 0)
    for index in 0..<16 {
      words[index] = UInt64(
        littleEndian: unsafe block.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
    }
    var (a, b, c, d) = (low, high, Self.initial.low, Self.initial.high)
    d ^= Row(count, 0, isLast ? .max : 0, 0)
    for round in 0..<12 {
      let order = Self.schedule[round % 10]
      func row(_ first: Int) -> Row {
        Row(words[order[first]], words[order[first + 2]], words[order[first + 4]], words[order[first + 6]])
      }
      Self.mix(&a, &b, &c, &d, row(0), row(1))
      (b, c, d) = (Self.turned(b, 1), Self.turned(c, 2), Self.turned(d, 3))
      Self.mix(&a, &b, &c, &d, row(8), row(9))
      (b, c, d) = (Self.turned(b, 3), Self.turned(c, 2), Self.turned(d, 1))
    }
    low ^= a ^ c
    high ^= b ^ d
  }

  /// Four mixing steps at once, one in each lane.
  private static func mix(
    _ a: inout Row, _ b: inout Row, _ c: inout Row, _ d: inout Row, _ first: Row, _ second: Row
  ) {
    a = a &+ b &+ first
    d = rotated(d ^ a, 32)
    c = c &+ d
    b = rotated(b ^ c, 24)
    a = a &+ b &+ second
    d = rotated(d ^ a, 16)
    c = c &+ d
    b = rotated(b ^ c, 63)
  }

  /// Every lane's bits, to the right.
  private static func rotated(_ row: Row, _ bits: UInt64) -> Row {
    row &>> Row(repeating: bits) | row &<< Row(repeating: 64 - bits)
  }

  /// The lanes, to the left.
  private static func turned(_ row: Row, _ lanes: Int) -> Row {
    Row(row[lanes & 3], row[(lanes + 1) & 3], row[(lanes + 2) & 3], row[(lanes + 3) & 3])
  }
}
