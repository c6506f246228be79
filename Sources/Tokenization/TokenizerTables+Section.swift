extension TokenizerTables {
  /// The tables as the flat, deterministic bytes of a plan's tokenizer section.
  ///
  /// `SectionLayout` describes them.
  public func encodeSection() -> [UInt8] {
    var writer = SectionWriter()
    writeHeader(to: &writer)
    writer.append(tokenOffsets)
    writer.append(byteTokens)
    writer.append(characterTokens)
    writer.append(merges.flatMap { [$0.left, $0.right, $0.result] })
    writer.append(wholePieces)
    writer.append(addedTokens.flatMap { [$0.id, $0.flags.rawValue] })
    writer.append(addedTokens.reduce(into: [0]) { $0.append($0[$0.count - 1] + UInt32($1.content.count)) })
    writer.append(policy.endIDs)
    writer.append(policy.prefix)
    writer.append(policy.suffix)
    for record in rules.records { writer.append(record) }
    writer.append(tokenBytes)
    writer.append(addedTokens.flatMap(\.content))
    return writer.bytes
  }

  private func writeHeader(to writer: inout SectionWriter) {
    var flags: SectionLayout.Flags = []
    if policy.beginningID != nil { flags.insert(.beginningID) }
    let counts = [
      vocabularySize, merges.count, wholePieces.count, addedTokens.count, policy.endIDs.count,
      policy.prefix.count, policy.suffix.count,
    ]
    writer.append(
      [SectionLayout.version, flags.rawValue] + counts.map { UInt32($0) } + [policy.beginningID ?? 0])
    writer.append(UInt64(tokenBytes.count))
    writer.append(UInt64(addedTokens.reduce(0) { $0 + $1.content.count }))
    writer.append([UInt32(characterTokens.count), UInt32(rules.records.count)])
  }

  /// Reads and proves an encoded section.
  ///
  /// - Throws: the first problem found, whatever the bytes are.
  public init(section: Span<UInt8>) throws(TokenizerSectionError) {
    guard section.count >= SectionLayout.headerLength else { throw .truncated(length: section.count) }
    let header = section.words(0..<SectionLayout.headerLength)
    guard header[0] == SectionLayout.version else { throw .unknownVersion(header[0]) }
    let flags = SectionLayout.Flags(rawValue: header[1])
    guard flags.isSubset(of: .all) else { throw .unknownFlags(header[1]) }
    let layout = try SectionLayout(
      SectionLayout.Counts(
        vocabulary: header[2], merges: header[3], wholePieces: header[4], addedTokens: header[5],
        ends: header[6], prefix: header[7], suffix: header[8], tokenBytes: section.long(at: 40),
        addedBytes: section.long(at: 48), characterTokens: header[14], stages: header[15]))
    guard layout.length == section.count else {
      throw .wrongLength(expected: layout.length, found: section.count)
    }
    try section.checkPadding(layout)
    guard flags.contains(.beginningID) || header[9] == 0 else { throw .nonzeroPadding(offset: 36) }
    try self.init(
      tokens: FlatBytes(
        offsets: section.words(layout.tokenOffsets), bytes: section.bytes(layout.tokenBytes)),
      byteTokens: section.words(layout.byteTokens), characterTokens: section.words(layout.characterTokens),
      merges: section.merges(layout.merges),
      wholePieces: section.words(layout.wholePieces), addedTokens: section.addedTokens(layout),
      rules: try Rules(records: section.stages(layout.stages)),
      policy: Policy(
        beginningID: flags.contains(.beginningID) ? header[9] : nil, endIDs: section.words(layout.ends),
        prefix: section.words(layout.prefix), suffix: section.words(layout.suffix)))
  }
}

/// Appends little-endian tables, each padded to 8 bytes.
private struct SectionWriter {
  var bytes: [UInt8] = []

  mutating func append(_ words: [UInt32]) {
    for word in words {
      for shift in stride(from: 0, to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
    }
    pad()
  }

  mutating func append(_ record: StageRecord) {
    append([record.kind, record.option, UInt32(record.first.count), UInt32(record.second.count)])
    for text in [record.first, record.second] {
      bytes += text
      bytes += [UInt8](repeating: 0, count: TokenizerTables.Rules.longestText - text.count)
    }
  }

  mutating func append(_ long: UInt64) {
    for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: long >> shift)) }
  }

  mutating func append(_ blob: [UInt8]) {
    bytes += blob
    pad()
  }

  private mutating func pad() {
    while bytes.count % 8 != 0 { bytes.append(0) }
  }
}

/// Reads of tables whose ranges were compared with the section's length before.
extension Span where Element == UInt8 {
  fileprivate func word(at offset: Int) -> UInt32 {
    UInt32(self[offset]) | UInt32(self[offset + 1]) << 8 | UInt32(self[offset + 2]) << 16
      | UInt32(self[offset + 3]) << 24
  }

  fileprivate func long(at offset: Int) -> UInt64 {
    UInt64(word(at: offset)) | UInt64(word(at: offset + 4)) << 32
  }

  fileprivate func words(_ range: Range<Int>) -> [UInt32] {
    stride(from: range.lowerBound, to: range.upperBound, by: 4).map { word(at: $0) }
  }

  fileprivate func bytes(_ range: Range<Int>) -> [UInt8] {
    range.map { self[$0] }
  }

  fileprivate func merges(_ range: Range<Int>) -> [TokenizerTables.Merge] {
    stride(from: range.lowerBound, to: range.upperBound, by: 12).map {
      TokenizerTables.Merge(left: word(at: $0), right: word(at: $0 + 4), result: word(at: $0 + 8))
    }
  }

  /// Texts longer than a record has room for, and what follows a text and is not zero, make a stage unknown.
  fileprivate func stages(_ range: Range<Int>) throws(TokenizerSectionError) -> [StageRecord] {
    let room = TokenizerTables.Rules.longestText
    var records: [StageRecord] = []
    for (index, start) in stride(from: range.lowerBound, to: range.upperBound, by: StageRecord.length)
      .enumerated()
    {
      guard index < 3 * TokenizerTables.Rules.mostStages else { throw .stage(index: index) }
      let texts = try (0..<2).map { part throws(TokenizerSectionError) in
        let text = bytes(start + 16 + part * room..<start + 16 + (part + 1) * room)
        let length = Int(word(at: start + 8 + 4 * part))
        guard length <= room, text[length...].allSatisfy({ $0 == 0 }) else { throw .stage(index: index) }
        return Array(text[..<length])
      }
      records.append(
        StageRecord(kind: word(at: start), option: word(at: start + 4), first: texts[0], second: texts[1]))
    }
    return records
  }

  fileprivate func addedTokens(_ layout: SectionLayout) throws(TokenizerSectionError) -> [AddedToken] {
    let records = words(layout.addedTokens)
    let offsets = words(layout.addedOffsets)
    try checkOffsets(offsets, count: layout.addedBytes.count, of: .addedTokens)
    let start = layout.addedBytes.lowerBound
    var tokens: [AddedToken] = []
    for index in 0..<records.count / 2 {
      let content = start + Int(offsets[index])..<start + Int(offsets[index + 1])
      let flags = AddedToken.Flags(rawValue: records[2 * index + 1])
      tokens.append(AddedToken(id: records[2 * index], content: bytes(content), flags: flags))
    }
    return tokens
  }

  /// The rest of the header and the gaps between tables must be zero, so that equal tables have equal bytes.
  fileprivate func checkPadding(_ layout: SectionLayout) throws(TokenizerSectionError) {
    var start = SectionLayout.headerEnd
    for table in layout.tables + [layout.length..<layout.length] {
      for offset in start..<table.lowerBound where self[offset] != 0 { throw .nonzeroPadding(offset: offset) }
      start = table.upperBound
    }
  }
}
