/// Why tokenizer tables were refused; payloads are table indices and the offending numbers.
public enum TokenizerSectionError: Error, Equatable, Sendable {
  /// The section is shorter than its header.
  case truncated(length: Int)
  /// The header asks for another section length than there is.
  case wrongLength(expected: Int, found: Int)
  /// Sizes in the header overflow.
  case sizeOverflow
  /// The section's version is not one that this library reads.
  case unknownVersion(UInt32)
  /// The header has flag bits that this library does not know.
  case unknownFlags(UInt32)
  /// Bytes that must be zero are not.
  case nonzeroPadding(offset: Int)
  /// The vocabulary is empty or larger than `TokenizerTables.maximumVocabulary`.
  case vocabularySize(Int)
  /// Offsets of a blob do not ascend from zero to its length.
  case offsets(table: TokenizerTable, index: Int)
  /// An id is not below the vocabulary.
  case idOutOfRange(table: TokenizerTable, index: Int, id: UInt32)
  /// A byte's token does not consist of that byte, or is missing although the byte occurs in text.
  case byteToken(byte: Int)
  /// A token of one character has another number of them, or is not in ascending order of bytes.
  case characterToken(index: Int)
  /// A stage is unknown, out of order, or has texts or options that it cannot have.
  case stage(index: Int)
  /// The stages cannot be run together.
  case rules(String)
  /// A merge joins or makes an empty token, or its result is not left followed by right.
  case mergeResult(rank: Int)
  /// The results of all merges have more bytes than `TokenizerTables.mostMergeBytes`.
  case mergeBytes(Int)
  /// Two merges name the same pair.
  case duplicateMerge(rank: Int)
  /// A whole piece is empty, or not in ascending order of bytes.
  case wholePiece(index: Int)
  /// An added token is empty or longer than `AddedToken.longestContent`, is not UTF-8, has unknown flags, or is not in
  /// ascending order of ids.
  case addedToken(index: Int)
  /// All added tokens together are longer than their limit; this one is the first beyond it.
  case addedTokenBytes(index: Int)
  /// Two added tokens match the same text.
  case duplicateAddedToken(index: Int)
  /// More ids go before or after a text than `TokenizerTables.Policy.mostIDs`.
  case tooManyIDs(table: TokenizerTable, count: Int)
}

/// The tables that a `TokenizerSectionError` can name.
public enum TokenizerTable: Equatable, Sendable {
  /// Token bytes by id.
  case tokens
  /// Tokens of one character.
  case characterTokens
  /// Merges in order of rank.
  case merges
  /// Pieces that skip the merges.
  case wholePieces
  /// Added tokens.
  case addedTokens
  /// The policy's BOS id.
  case beginning
  /// The policy's EOS ids.
  case ends
  /// The policy's prefix.
  case prefix
  /// The policy's suffix.
  case suffix
}
