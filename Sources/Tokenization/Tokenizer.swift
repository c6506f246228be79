/// Turns text into token ids and back, exactly as the tables say.
public struct Tokenizer: Sendable {
  /// The tables that this tokenizer runs over.
  public let tables: TokenizerTables
  private let ranks: MergeTable
  private let scanner: PieceScanner
  private let rawMatcher: AddedTokenMatcher
  private let normalizedMatcher: AddedTokenMatcher
  let specialIDs: Set<UInt32>

  /// A tokenizer over tables.
  ///
  /// - Complexity: O(m log m) for m merges.
  public init(_ tables: TokenizerTables) {
    self.tables = tables
    ranks = MergeTable(tables.merges, vocabularySize: tables.vocabularySize)
    scanner = PieceScanner(split: tables.rules.split)
    rawMatcher = AddedTokenMatcher(tables.addedTokens.filter { !$0.flags.contains(.normalized) })
    let composes = tables.rules.normalization == .nfc
    normalizedMatcher = AddedTokenMatcher(
      tables.addedTokens.filter { $0.flags.contains(.normalized) }.map { token in
        AddedToken(id: token.id, content: token.matchedContent(composes: composes), flags: token.flags)
      })
    specialIDs = Set(tables.addedTokens.lazy.filter { $0.flags.contains(.special) }.map(\.id))
  }

  /// The number of ids; every id that `encode` gives is below it.
  public var vocabularySize: Int { tables.vocabularySize }

  /// The ids of a text, within the policy's prefix and suffix if asked for.
  ///
  /// - Complexity: O(n log n) in the text's length at worst, close to linear for ordinary text.
  public func encode(_ text: String, addSpecialTokens: Bool = false) -> [UInt32] {
    encode(utf8: Array(text.utf8), addSpecialTokens: addSpecialTokens)
  }

  /// The ids of a text in UTF-8; what is not UTF-8 is read as U+FFFD.
  ///
  /// - Complexity: O(n log n) in the text's length at worst, close to linear for ordinary text.
  public func encode(utf8 bytes: [UInt8], addSpecialTokens: Bool = false) -> [UInt32] {
    let valid = String(validating: bytes, as: UTF8.self) != nil
    let text = valid ? bytes : Array(String(decoding: bytes, as: UTF8.self).utf8)
    var ids = addSpecialTokens ? tables.policy.prefix : []
    var merger = PieceMerger(tables: tables, ranks: ranks)
    for segment in rawMatcher.segments(of: text.span) {
      switch segment {
      case .token(let id): ids.append(id)
      case .text(let range): encode(normalize(text[range]), by: &merger, into: &ids)
      }
    }
    if addSpecialTokens { ids += tables.policy.suffix }
    return ids
  }

  private func normalize(_ text: ArraySlice<UInt8>) -> [UInt8] {
    let composed = tables.rules.normalization == .nfc ? CanonicalComposition.compose(text) : nil
    return composed ?? Array(text)
  }

  /// Encodes normalized text, which may contain normalized added tokens.
  private func encode(_ text: [UInt8], by merger: inout PieceMerger, into ids: inout [UInt32]) {
    for segment in normalizedMatcher.segments(of: text.span) {
      switch segment {
      case .token(let id): ids.append(id)
      case .text(let range):
        if tables.rules.addPrefixSpace, text[range.lowerBound] != UInt8(ascii: " ") {
          let spaced = [UInt8(ascii: " ")] + text[range]
          encodePieces(spaced.span, 0..<spaced.count, by: &merger, into: &ids)
        } else {
          encodePieces(text.span, range, by: &merger, into: &ids)
        }
      }
    }
  }

  private func encodePieces(
    _ text: Span<UInt8>, _ range: Range<Int>, by merger: inout PieceMerger, into ids: inout [UInt32]
  ) {
    var start = range.lowerBound
    while start < range.upperBound {
      let end = scanner.pieceEnd(in: text, from: start, to: range.upperBound)
      if let id = tables.wholePiece(text, start..<end) {
        ids.append(id)
      } else {
        merger.merge(text, start..<end, into: &ids)
      }
      start = end
    }
  }
}

extension AddedToken {
  /// The text that is looked for, where text is composed or not.
  func matchedContent(composes: Bool) -> [UInt8] {
    guard composes, flags.contains(.normalized) else { return content }
    return CanonicalComposition.compose(content[...]) ?? content
  }
}

extension TokenizerTables {
  /// The id of a piece that becomes one token without merges.
  ///
  /// - Complexity: O(log of the number of whole pieces).
  fileprivate func wholePiece(_ text: Span<UInt8>, _ range: Range<Int>) -> UInt32? {
    guard !wholePieces.isEmpty else { return nil }
    let piece = range.map { text[$0] }
    var low = 0
    var high = wholePieces.count
    while low < high {
      let middle = (low + high) / 2
      if bytes(of: wholePieces[middle]).lexicographicallyPrecedes(piece) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    guard low < wholePieces.count, bytes(of: wholePieces[low]).elementsEqual(piece) else { return nil }
    return wholePieces[low]
  }
}
