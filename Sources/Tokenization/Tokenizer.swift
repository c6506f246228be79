/// Turns text into token ids and back, exactly as the tables say.
public struct Tokenizer: Sendable {
  /// The tables that this tokenizer runs over.
  public let tables: TokenizerTables
  private let ranks: MergeTable
  /// Ids of the tokens of one character, where merges join characters.
  private let characters: [Unicode.Scalar: UInt32]
  private let rawMatcher: AddedTokenMatcher
  private let normalizedMatcher: AddedTokenMatcher
  let specialIDs: Set<UInt32>

  /// A tokenizer over tables.
  ///
  /// - Complexity: O(m log m) for m merges.
  public init(_ tables: TokenizerTables) {
    self.tables = tables
    ranks = MergeTable(tables.merges, vocabularySize: tables.vocabularySize)
    characters = Dictionary(
      tables.characterTokens.compactMap { id in
        String(decoding: tables.bytes(of: id), as: UTF8.self).unicodeScalars.first.map { ($0, id) }
      }
    ) { first, _ in first }
    rawMatcher = AddedTokenMatcher(tables.addedTokens.filter { !$0.flags.contains(.normalized) })
    normalizedMatcher = AddedTokenMatcher(
      tables.addedTokens.filter { $0.flags.contains(.normalized) }.map { token in
        AddedToken(id: token.id, content: token.matchedContent(tables.rules), flags: token.flags)
      })
    specialIDs = Set(tables.addedTokens.lazy.filter { $0.flags.contains(.special) }.map(\.id))
  }

  /// The number of ids; every id that `encode` gives is below it.
  public var vocabularySize: Int { tables.vocabularySize }

  /// The ids of a text, within the policy's prefix and suffix if asked for.
  ///
  /// - Complexity: O(n · (log n + length of the longest added token)) in the text's length at worst, close to linear for
  ///   ordinary text.
  public func encode(_ text: String, addSpecialTokens: Bool = false) -> [UInt32] {
    encode(utf8: Array(text.utf8), addSpecialTokens: addSpecialTokens)
  }

  /// The ids of a text in UTF-8; what is not UTF-8 is read as U+FFFD.
  ///
  /// - Complexity: O(n · (log n + length of the longest added token)) in the text's length at worst, close to linear for
  ///   ordinary text.
  public func encode(utf8 bytes: [UInt8], addSpecialTokens: Bool = false) -> [UInt32] {
    let valid = String(validating: bytes, as: UTF8.self) != nil
    let text = valid ? bytes : Array(String(decoding: bytes, as: UTF8.self).utf8)
    var ids = addSpecialTokens ? tables.policy.prefix : []
    var merger = PieceMerger(tables: tables, ranks: ranks, characters: characters)
    for segment in rawMatcher.segments(of: text.span) {
      switch segment {
      case .token(let id): ids.append(id)
      case .text(let range):
        encode(tables.rules.normalize(text[range]), isStart: range.lowerBound == 0, by: &merger, into: &ids)
      }
    }
    if addSpecialTokens { ids += tables.policy.suffix }
    return ids
  }

  /// Encodes normalized text, which may contain normalized added tokens.
  private func encode(_ text: [UInt8], isStart: Bool, by merger: inout PieceMerger, into ids: inout [UInt32])
  {
    for segment in normalizedMatcher.segments(of: text.span) {
      switch segment {
      case .token(let id): ids.append(id)
      case .text(let range):
        if tables.rules.splitters == [.byteLevel(addsPrefixSpace: false, splits: true)] {
          encodePieces(text.span, range, by: &merger, into: &ids)
        } else {
          let split = PieceSplitter(
            Array(text[range]), tables.rules.splitters, isStart: isStart && range.lowerBound == 0)
          for piece in split.pieces { encodePiece(split.bytes.span, piece, by: &merger, into: &ids) }
        }
      }
    }
  }

  /// The most common splitter, without a list of pieces.
  private func encodePieces(
    _ text: Span<UInt8>, _ range: Range<Int>, by merger: inout PieceMerger, into ids: inout [UInt32]
  ) {
    let scanner = ExpressionScanner(.gpt2)
    var start = range.lowerBound
    while start < range.upperBound {
      let end = scanner.pieceEnd(in: text, from: start, to: range.upperBound)
      encodePiece(text, start..<end, by: &merger, into: &ids)
      start = end
    }
  }

  private func encodePiece(
    _ text: Span<UInt8>, _ range: Range<Int>, by merger: inout PieceMerger, into ids: inout [UInt32]
  ) {
    if let id = tables.wholePiece(text, range) {
      ids.append(id)
    } else {
      merger.merge(text, range, into: &ids)
    }
  }
}

extension AddedToken {
  /// The text that is looked for.
  func matchedContent(_ rules: TokenizerTables.Rules) -> [UInt8] {
    flags.contains(.normalized) ? rules.normalize(content[...]) : content
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
