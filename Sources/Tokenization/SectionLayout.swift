/// Where each table of an encoded section lies: a header of fixed size, then the tables in this order, each
/// padded with zeros to 8 bytes.
///
/// All numbers are little-endian. Header: version, flags (1: there is a BOS id), the first seven counts below, the BOS
/// id (0 where there is none), each 4 bytes; then the lengths of the two blobs, each 8 bytes; then the counts of
/// tokens of one character and of stages, each 4 bytes.
struct SectionLayout {
  static let version: UInt32 = 2
  /// Where the header's last field ends; zeros follow.
  static let headerEnd = 64
  static let headerLength = 64

  /// Bits of the header's flags.
  struct Flags: OptionSet {
    let rawValue: UInt32
    static let beginningID = Flags(rawValue: 1)
    static let all: Flags = [.beginningID]
  }

  /// Number of entries of each table, as the header stores them.
  struct Counts {
    var vocabulary: UInt32
    var merges: UInt32
    var wholePieces: UInt32
    var addedTokens: UInt32
    var ends: UInt32
    var prefix: UInt32
    var suffix: UInt32
    var tokenBytes: UInt64
    var addedBytes: UInt64
    var characterTokens: UInt32
    var stages: UInt32
  }

  let tokenOffsets: Range<Int>
  let byteTokens: Range<Int>
  let characterTokens: Range<Int>
  let merges: Range<Int>
  let wholePieces: Range<Int>
  /// Pairs of id and flags.
  let addedTokens: Range<Int>
  let addedOffsets: Range<Int>
  let ends: Range<Int>
  let prefix: Range<Int>
  let suffix: Range<Int>
  /// Records of the stages.
  let stages: Range<Int>
  let tokenBytes: Range<Int>
  let addedBytes: Range<Int>
  /// The section's length in bytes.
  let length: Int

  init(_ counts: Counts) throws(TokenizerSectionError) {
    var end = Self.headerLength
    tokenOffsets = try Self.place(UInt64(counts.vocabulary) + 1, width: 4, after: &end)
    byteTokens = try Self.place(256, width: 4, after: &end)
    characterTokens = try Self.place(UInt64(counts.characterTokens), width: 4, after: &end)
    merges = try Self.place(UInt64(counts.merges), width: 12, after: &end)
    wholePieces = try Self.place(UInt64(counts.wholePieces), width: 4, after: &end)
    addedTokens = try Self.place(UInt64(counts.addedTokens), width: 8, after: &end)
    addedOffsets = try Self.place(UInt64(counts.addedTokens) + 1, width: 4, after: &end)
    ends = try Self.place(UInt64(counts.ends), width: 4, after: &end)
    prefix = try Self.place(UInt64(counts.prefix), width: 4, after: &end)
    suffix = try Self.place(UInt64(counts.suffix), width: 4, after: &end)
    stages = try Self.place(UInt64(counts.stages), width: StageRecord.length, after: &end)
    tokenBytes = try Self.place(counts.tokenBytes, width: 1, after: &end)
    addedBytes = try Self.place(counts.addedBytes, width: 1, after: &end)
    length = end
  }

  /// All tables, in the order in which they lie.
  var tables: [Range<Int>] {
    [
      tokenOffsets, byteTokens, characterTokens, merges, wholePieces, addedTokens, addedOffsets, ends, prefix,
      suffix, stages, tokenBytes, addedBytes,
    ]
  }

  private static func place(
    _ count: UInt64, width: Int, after end: inout Int
  ) throws(TokenizerSectionError) -> Range<Int> {
    guard let count = Int(exactly: count) else { throw .sizeOverflow }
    let (size, tooWide) = count.multipliedReportingOverflow(by: width)
    let (stop, tooFar) = end.addingReportingOverflow(size)
    let (padded, tooLong) = stop.addingReportingOverflow(7)
    guard !tooWide, !tooFar, !tooLong else { throw .sizeOverflow }
    defer { end = padded & ~7 }
    return end..<stop
  }
}
