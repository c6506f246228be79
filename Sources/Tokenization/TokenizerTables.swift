import PlanFormat

/// Everything a BPE tokenizer knows, as flat tables; a value of this type is always consistent.
public struct TokenizerTables: Equatable, Sendable {
  /// The largest number of ids that tables may cover.
  public static let maximumVocabulary = Int(PlanLimits.vocabulary)

  /// The most bytes of the results of all merges: 32 each for as many merges as there may be tokens.
  static let mostMergeBytes = 1 << 27

  /// Stands in `byteTokens` for a byte without a token.
  public static let noToken = UInt32.max

  /// Whether a byte occurs in UTF-8; one that does must have a token.
  public static func occursInText(_ byte: UInt8) -> Bool {
    byte < 0xC0 || (0xC2...0xF4).contains(byte)
  }

  /// Joining `left` and `right` gives `result`; a merge's rank is its index.
  public struct Merge: Equatable, Sendable {
    /// Id of the first token.
    public let left: UInt32
    /// Id of the second token.
    public let right: UInt32
    /// Id of the token whose bytes are those of `left`, then those of `right`.
    public let result: UInt32

    /// A merge of three token ids.
    public init(left: UInt32, right: UInt32, result: UInt32) {
      self.left = left
      self.right = right
      self.result = result
    }
  }

  /// Which ids begin and end a text.
  public struct Policy: Equatable, Sendable {
    /// The most ids that go before a text, or after it.
    public static let mostIDs = 1_024

    /// The id that begins a text, where the model has one.
    public let beginningID: UInt32?
    /// The ids that end generation.
    public let endIDs: [UInt32]
    /// Ids that `encode(_:addSpecialTokens:)` puts before the text.
    public let prefix: [UInt32]
    /// Ids that `encode(_:addSpecialTokens:)` puts after the text.
    public let suffix: [UInt32]

    /// A policy from its ids.
    public init(beginningID: UInt32?, endIDs: [UInt32], prefix: [UInt32], suffix: [UInt32]) {
      self.beginningID = beginningID
      self.endIDs = endIDs
      self.prefix = prefix
      self.suffix = suffix
    }
  }

  /// Start of each token in `tokenBytes`, and the end of the last one, `[vocabulary + 1]`.
  let tokenOffsets: [UInt32]
  /// The bytes of all tokens, in order of id; where merges join characters, their names in UTF-8.
  let tokenBytes: [UInt8]
  /// The id of each single byte, `[256]`; `noToken` only where a byte does not occur in text.
  ///
  /// Where merges join characters, these are the tokens `<0x00>` to `<0xFF>`.
  public let byteTokens: [UInt32]
  /// Ids of the tokens of one character that text begins as, in ascending order of bytes; empty where merges join
  /// bytes.
  public let characterTokens: [UInt32]
  /// All merges, in order of rank.
  public let merges: [Merge]
  /// Ids of pieces that become one token without any merge, in ascending order of bytes; empty where all
  /// pieces go through the merges.
  public let wholePieces: [UInt32]
  /// Added tokens, in ascending order of id.
  public let addedTokens: [AddedToken]
  /// What is done to text before the merges, and to tokens after them.
  public let rules: Rules
  /// Which ids begin and end a text.
  public let policy: Policy

  /// Tables over the bytes of each token by id; ids without a token have no bytes.
  ///
  /// - Throws: what is inconsistent, the first problem only.
  public init(
    tokens: [[UInt8]], byteTokens: [UInt32], characterTokens: [UInt32] = [], merges: [Merge],
    wholePieces: [UInt32] = [], addedTokens: [AddedToken], rules: Rules, policy: Policy
  ) throws(TokenizerSectionError) {
    guard let flat = FlatBytes(tokens) else { throw .sizeOverflow }
    try self.init(
      tokens: flat, byteTokens: byteTokens, characterTokens: characterTokens, merges: merges,
      wholePieces: wholePieces, addedTokens: addedTokens, rules: rules, policy: policy)
  }

  init(
    tokens: FlatBytes, byteTokens: [UInt32], characterTokens: [UInt32], merges: [Merge],
    wholePieces: [UInt32],
    addedTokens: [AddedToken], rules: Rules, policy: Policy
  ) throws(TokenizerSectionError) {
    tokenOffsets = tokens.offsets
    tokenBytes = tokens.bytes
    self.byteTokens = byteTokens
    self.characterTokens = characterTokens
    self.merges = merges
    self.wholePieces = wholePieces
    self.addedTokens = addedTokens
    self.rules = rules
    self.policy = policy
    try validate()
  }

  /// The number of ids, with and without a token; all ids in the tables are below it.
  public var vocabularySize: Int { tokenOffsets.count - 1 }

  /// The bytes of a token, or its name where merges join characters; none for an id without a token or beyond the vocabulary.
  public func bytes(of id: UInt32) -> ArraySlice<UInt8> {
    guard Int(id) < vocabularySize else { return [] }
    return tokenBytes[Int(tokenOffsets[Int(id)])..<Int(tokenOffsets[Int(id) + 1])]
  }
}

/// Byte strings laid end to end.
struct FlatBytes {
  /// Start of each string, and the end of the last one.
  var offsets: [UInt32]
  /// All strings.
  var bytes: [UInt8]

  init(offsets: [UInt32], bytes: [UInt8]) {
    self.offsets = offsets
    self.bytes = bytes
  }

  /// Nil where offsets would not fit 32 bits.
  init?(_ strings: [[UInt8]]) {
    offsets = [0]
    offsets.reserveCapacity(strings.count + 1)
    bytes = []
    for string in strings {
      guard let end = UInt32(exactly: bytes.count + string.count) else { return nil }
      bytes += string
      offsets.append(end)
    }
  }
}
