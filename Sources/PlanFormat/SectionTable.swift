/// Where the sections of a plan lie, once header and section table are verified.
struct SectionTable {
  /// Byte ranges in the file, by `SectionKind.index`.
  private var ranges = InlineArray<9, Range<Int>>(repeating: 0..<0)

  /// The byte range of a section in the file.
  subscript(kind: SectionKind) -> Range<Int> { ranges[kind.index] }

  /// Verifies header, section table and the padding between sections.
  init(verifying bytes: PlanBytes) throws(PlanError) {
    try Self.verifyHeader(bytes)
    try Self.verifyChecksum(bytes)
    var end = FileLayout.tableEnd
    for kind in FileLayout.kinds {
      let range = try Self.verifyRecord(of: kind, after: end, bytes)
      try requireZeros(bytes, end..<range.lowerBound)
      ranges[kind.index] = range
      end = range.upperBound
    }
    guard end == bytes.count else {
      throw .fileLength(stated: UInt64(end), found: UInt64(bytes.count))
    }
    let headerRegion = UInt64(self[.weights].lowerBound)
    guard headerRegion <= PlanLimits.headerRegion else {
      throw .limit(.headerRegion, found: headerRegion, limit: PlanLimits.headerRegion)
    }
  }

  /// Verifies what says that this is a plan that we can read, most telling first.
  private static func verifyHeader(_ bytes: PlanBytes) throws(PlanError) {
    let found = UInt64(bytes.count)
    guard bytes.count >= FileLayout.headerLength else {
      throw .truncated(needed: UInt64(FileLayout.headerLength), found: found)
    }
    for (index, byte) in FileLayout.magic.enumerated() where bytes.u8(index) != byte {
      throw index < 5 ? .notAPlan : .textModeDamage
    }
    let version = PlanVersion(
      major: bytes.u16(FileLayout.Header.major), minor: bytes.u16(FileLayout.Header.minor))
    guard version.isSupported else { throw .version(found: version, supported: .current) }
    let features = bytes.u32(FileLayout.Header.features)
    guard features == 0 else { throw .features(features) }
    let stated = bytes.u64(FileLayout.Header.fileLength)
    guard stated == found else {
      throw stated > found
        ? .truncated(needed: stated, found: found) : .fileLength(stated: stated, found: found)
    }
    let count = bytes.u32(FileLayout.Header.sectionCount)
    guard count == FileLayout.kinds.count else {
      throw .section(.model, .count(found: count, expected: UInt32(FileLayout.kinds.count)))
    }
    guard bytes.count >= FileLayout.tableEnd else {
      throw .truncated(needed: UInt64(FileLayout.tableEnd), found: found)
    }
    try requireZeros(bytes, FileLayout.Header.reserved..<FileLayout.headerLength)
  }

  private static func verifyChecksum(_ bytes: PlanBytes) throws(PlanError) {
    let field = FileLayout.Header.checksum..<(FileLayout.Header.checksum + 4)
    var checksum = CRC32C()
    for offset in 0..<FileLayout.tableEnd {
      checksum.update(field.contains(offset) ? 0 : bytes.u8(offset))
    }
    let stated = bytes.u32(FileLayout.Header.checksum)
    guard checksum.value == stated else { throw .checksum(stated: stated, found: checksum.value) }
  }

  /// Verifies one record of the table and gives the section's range in the file.
  private static func verifyRecord(
    of kind: SectionKind, after end: Int, _ bytes: PlanBytes
  ) throws(PlanError) -> Range<Int> {
    let record = FileLayout.headerLength + kind.index * FileLayout.sectionRecordLength
    let found = bytes.u32(record + FileLayout.Section.kind)
    guard found == kind.rawValue else { throw .section(kind, .kind(found: found)) }
    try requireZeros(
      bytes, (record + FileLayout.Section.firstReserved)..<(record + FileLayout.Section.offset))
    try requireZeros(
      bytes, (record + FileLayout.Section.lastReserved)..<(record + FileLayout.sectionRecordLength))
    let offset = bytes.u64(record + FileLayout.Section.offset)
    let expected = roundedUp(UInt64(end), to: FileLayout.alignment)
    guard offset == expected else { throw .section(kind, .offset(found: offset, expected: expected)) }
    let length = bytes.u64(record + FileLayout.Section.length)
    guard offset <= bytes.count, length <= UInt64(bytes.count) - offset else {
      throw .section(kind, .length(found: length))
    }
    return Int(offset)..<Int(offset + length)
  }
}

/// Refuses bytes that are reserved or padding and not zero.
func requireZeros(_ bytes: PlanBytes, _ range: Range<Int>) throws(PlanError) {
  for offset in range where bytes.u8(offset) != 0 { throw .notZero(offset: UInt64(offset)) }
}
