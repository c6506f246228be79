extension TokenizerTables {
  /// Proves everything that `Tokenizer` relies on.
  ///
  /// - Complexity: O(bytes of all tables and of the results of all merges), with a logarithm for the sorted lists.
  func validate() throws(TokenizerSectionError) {
    guard (1...Self.maximumVocabulary).contains(vocabularySize) else { throw .vocabularySize(vocabularySize) }
    try checkCounts()
    if let obstacle = rules.obstacle { throw .rules(obstacle) }
    try checkOffsets(tokenOffsets, count: tokenBytes.count, of: .tokens)
    try checkByteTokens()
    try checkCharacterTokens()
    try checkMerges()
    try checkWholePieces()
    try checkAddedTokens()
    try checkIDs(policy.beginningID.map { [$0] } ?? [], of: .beginning)
    try checkIDs(policy.endIDs, of: .ends)
    try checkIDs(policy.prefix, of: .prefix)
    try checkIDs(policy.suffix, of: .suffix)
  }

  /// Counts and lengths must fit the 32 bits that a section gives them.
  private func checkCounts() throws(TokenizerSectionError) {
    let counts = [
      merges.count, wholePieces.count, addedTokens.reduce(0) { $0 + $1.content.count }, policy.endIDs.count,
      policy.prefix.count, policy.suffix.count, characterTokens.count,
    ]
    guard counts.allSatisfy({ UInt32(exactly: $0) != nil }) else { throw .sizeOverflow }
    for (table, ids) in [(TokenizerTable.prefix, policy.prefix), (.suffix, policy.suffix)]
    where ids.count > Policy.mostIDs {
      throw .tooManyIDs(table: table, count: ids.count)
    }
  }

  private func checkIDs(_ ids: [UInt32], of table: TokenizerTable) throws(TokenizerSectionError) {
    if let index = ids.firstIndex(where: { Int($0) >= vocabularySize }) {
      throw .idOutOfRange(table: table, index: index, id: ids[index])
    }
  }

  private func checkByteTokens() throws(TokenizerSectionError) {
    guard byteTokens.count == 256 else { throw .byteToken(byte: byteTokens.count) }
    for (byte, id) in byteTokens.enumerated() {
      let isMissing = id == Self.noToken && !Self.occursInText(UInt8(byte))
      let bytes = rules.joinsBytes ? [UInt8(byte)] : Self.fallbackName(of: UInt8(byte))
      guard isMissing || self.bytes(of: id).elementsEqual(bytes) else { throw .byteToken(byte: byte) }
    }
  }

  /// The name of the token that stands in for a byte where merges join characters: `<0x0A>`.
  package static func fallbackName(of byte: UInt8) -> [UInt8] {
    let digits = Array("0123456789ABCDEF".utf8)
    return Array("<0x".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)], UInt8(ascii: ">")]
  }

  private func checkCharacterTokens() throws(TokenizerSectionError) {
    guard characterTokens.isEmpty || !rules.joinsBytes else { throw .characterToken(index: 0) }
    try checkIDs(characterTokens, of: .characterTokens)
    var previous: ArraySlice<UInt8> = []
    for (index, id) in characterTokens.enumerated() {
      let bytes = bytes(of: id)
      guard previous.lexicographicallyPrecedes(bytes), bytes.count <= 4,
        String(validating: bytes, as: UTF8.self)?.unicodeScalars.count == 1
      else { throw .characterToken(index: index) }
      previous = bytes
    }
  }

  /// Pairs are proved distinct, and the bytes to compare few enough, before any are compared: where many ids have the
  /// same bytes, distinct pairs alone would not bound them.
  private func checkMerges() throws(TokenizerSectionError) {
    for (rank, merge) in merges.enumerated() {
      for id in [merge.left, merge.right, merge.result] where Int(id) >= vocabularySize {
        throw .idOutOfRange(table: .merges, index: rank, id: id)
      }
    }
    if let rank = MergeTable(merges, vocabularySize: vocabularySize).duplicateRank {
      throw .duplicateMerge(rank: rank)
    }
    let results = merges.reduce(0) { $0 + bytes(of: $1.result).count }
    guard results <= Self.mostMergeBytes else { throw .mergeBytes(results) }
    for (rank, merge) in merges.enumerated() {
      let left = bytes(of: merge.left)
      let right = bytes(of: merge.right)
      let result = bytes(of: merge.result)
      guard !left.isEmpty, !right.isEmpty, result.count == left.count + right.count,
        result.starts(with: left), result.dropFirst(left.count).elementsEqual(right)
      else { throw .mergeResult(rank: rank) }
    }
  }

  private func checkWholePieces() throws(TokenizerSectionError) {
    try checkIDs(wholePieces, of: .wholePieces)
    var previous: ArraySlice<UInt8> = []
    for (index, id) in wholePieces.enumerated() {
      let piece = bytes(of: id)
      guard previous.lexicographicallyPrecedes(piece) else { throw .wholePiece(index: index) }
      previous = piece
    }
  }

  /// Contents must be short, and distinct in the form in which they are matched.
  private func checkAddedTokens() throws(TokenizerSectionError) {
    try checkIDs(addedTokens.map(\.id), of: .addedTokens)
    var contents: Set<[UInt8]> = []
    var matchedBytes = 0
    var previous: UInt32?
    for (index, token) in addedTokens.enumerated() {
      guard previous.map({ $0 < token.id }) ?? true, token.flags.isSubset(of: .all),
        (1...AddedToken.longestContent).contains(token.content.count),
        String(validating: token.content, as: UTF8.self) != nil
      else { throw .addedToken(index: index) }
      let matched = token.matchedContent(rules)
      guard matched.count <= AddedToken.longestContent else { throw .addedToken(index: index) }
      matchedBytes += matched.count
      guard matchedBytes <= AddedToken.mostBytes else { throw .addedTokenBytes(index: index) }
      guard contents.insert(matched).inserted else {
        throw .duplicateAddedToken(index: index)
      }
      previous = token.id
    }
  }
}

/// Offsets must ascend from zero to `count`.
func checkOffsets(
  _ offsets: [UInt32], count: Int, of table: TokenizerTable
) throws(TokenizerSectionError) {
  guard offsets.first == 0 else { throw .offsets(table: table, index: 0) }
  for index in 1..<offsets.count where offsets[index] < offsets[index - 1] {
    throw .offsets(table: table, index: index)
  }
  guard Int(offsets[offsets.count - 1]) == count else {
    throw .offsets(table: table, index: offsets.count - 1)
  }
}
