extension TokenizerTables {
  /// What is done to text before the merges, and to tokens after them; the stages run in order.
  public struct Rules: Equatable, Sendable {
    /// What is done to the text between added tokens.
    public enum Normalizer: Equatable, Sendable {
      /// Canonical composition.
      case nfc
      /// A text in front of one that is not empty.
      case prepend([UInt8])
      /// Every occurrence of a text becomes another one.
      case replace([UInt8], by: [UInt8])
    }

    /// How text is cut into pieces that merges do not cross.
    public enum Splitter: Equatable, Sendable {
      /// Pieces become characters that stand for their bytes.
      case byteLevel(addsPrefixSpace: Bool, splits: Bool)
      /// The matches of an expression are cut out.
      case expression(Expression, Behavior, isInverted: Bool)
      /// The occurrences of a text are cut out.
      case literal([UInt8], Behavior, isInverted: Bool)
      /// Punctuation is cut out.
      case punctuation(Behavior)
      /// Digits are cut out, in runs or one by one.
      case digits(isIndividual: Bool)
      /// A mark takes the place of spaces, and begins pieces.
      case metaspace([UInt8], Prepending, splits: Bool)
    }

    /// The regular expressions that are known.
    public enum Expression: UInt32, CaseIterable, Sendable {
      /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
      case gpt2 = 0
      /// That of Llama 3, with up to three digits together.
      case llama3 = 1
      /// That of Qwen 2, with digits one by one.
      case qwen2 = 2
      /// `[0-9][0-9][0-9]`
      case threeDigits = 3
    }

    /// What becomes of matches.
    public enum Behavior: UInt32, CaseIterable, Sendable {
      /// Each is a piece.
      case isolated = 0
      /// Those that touch are a piece.
      case contiguous = 1
      /// They are left out.
      case removed = 2
      /// Each ends the piece before it.
      case mergedWithPrevious = 3
      /// Each begins the piece after it.
      case mergedWithNext = 4
    }

    /// Where a mark is put in front of a piece that does not begin with it.
    public enum Prepending: UInt32, CaseIterable, Sendable {
      case always = 0
      /// At the text's beginning.
      case first = 1
      case never = 2
    }

    /// How tokens become text.
    public enum Decoder: Equatable, Sendable {
      /// Characters become the bytes that they stand for.
      case byteLevel
      /// Every occurrence of a text in a token becomes another one.
      case replace([UInt8], by: [UInt8])
      /// Tokens such as `<0x0A>` become bytes; a run of them that is not UTF-8 becomes U+FFFD, as often as it has
      /// tokens.
      case byteFallback
      /// Tokens become one text.
      case fuse
      /// Up to `count` of a character at the text's beginning are left out.
      case strip([UInt8], count: UInt32)
      /// A mark becomes a space, but in the first token nothing.
      case metaspace([UInt8], Prepending)
    }

    /// What is done to the text between added tokens.
    public let normalizers: [Normalizer]
    /// How text is cut into pieces.
    public let splitters: [Splitter]
    /// How tokens become text.
    public let decoders: [Decoder]

    /// Rules from their stages.
    public init(normalizers: [Normalizer] = [], splitters: [Splitter], decoders: [Decoder]) {
      self.normalizers = normalizers
      self.splitters = splitters
      self.decoders = decoders
    }

    /// Rules of a tokenizer over bytes with one stage of splitting.
    public init(normalizers: [Normalizer] = [], addsPrefixSpace: Bool, splits: Bool) {
      self.init(
        normalizers: normalizers, splitters: [.byteLevel(addsPrefixSpace: addsPrefixSpace, splits: splits)],
        decoders: [.byteLevel])
    }

    /// Whether merges join bytes; otherwise they join characters, and bytes stand in for those without a token.
    public var joinsBytes: Bool {
      splitters.contains {
        if case .byteLevel = $0 { true } else { false }
      }
    }
  }
}

/// What may be combined.
extension TokenizerTables.Rules {
  /// The most stages of one kind.
  static let mostStages = 8
  /// The longest text of a stage, in bytes.
  public static let longestText = 16

  /// The most bytes that one byte may become by all normalizers, or by all decoders.
  static let mostGrowth = 64

  /// Why the stages cannot be run together; nil where they can.
  public var obstacle: String? {
    if max(normalizers.count, splitters.count, decoders.count) > Self.mostStages {
      return "there are more than \(Self.mostStages) stages"
    }
    let growth = max(normalizerGrowth, decoderGrowth)
    if growth > Self.mostGrowth {
      return "the stages may turn one byte into \(growth), which is more than \(Self.mostGrowth)"
    }
    if joinsBytes != (decoders == [.byteLevel]) { return "pre-tokenizer and decoder do not belong together" }
    return splitterObstacle ?? decoderObstacle
  }

  /// The most bytes that a text of one byte becomes by the normalizers; canonical composition may triple it.
  private var normalizerGrowth: Int {
    normalizers.reduce(1) { bytes, stage in
      switch stage {
      case .nfc: 3 * bytes
      case .prepend(let text): text.count + bytes
      case .replace(let pattern, let text): bytes * Self.growth(pattern, text)
      }
    }
  }

  private var decoderGrowth: Int {
    decoders.reduce(1) { bytes, stage in
      guard case .replace(let pattern, let text) = stage else { return bytes }
      return bytes * Self.growth(pattern, text)
    }
  }

  /// By how much a text grows at most where `text` takes the place of `pattern`, rounded up.
  private static func growth(_ pattern: [UInt8], _ text: [UInt8]) -> Int {
    (max(text.count, pattern.count, 1) - 1) / max(pattern.count, 1) + 1
  }

  /// Behind the change to byte characters only classes of characters are looked at.
  private var splitterObstacle: String? {
    var isMapped = false
    for splitter in splitters {
      switch splitter {
      case .byteLevel where isMapped, .metaspace where isMapped, .literal where isMapped:
        return "the stages after ByteLevel are not among those supported"
      case .expression(let expression, _, _) where isMapped && expression != .threeDigits:
        return "the stages after ByteLevel are not among those supported"
      case .metaspace(_, .first, _) where normalizers.contains { $0 != .nfc }:
        return "Metaspace with the scheme 'first' follows a normalizer other than NFC"
      case .byteLevel: isMapped = true
      default: break
      }
    }
    return nil
  }

  /// Decoders over characters: replacements, byte fallback, fuse, strip, in this order; or Metaspace alone.
  private var decoderObstacle: String? {
    var last = 0
    for decoder in decoders where decoders.count > 1 {
      let place =
        switch decoder {
        case .replace: 1
        case .byteFallback: 2
        case .fuse: 3
        case .strip: 4
        case .byteLevel, .metaspace: 0
        }
      guard place > last || (place == 1 && last == 1), place != 4 || last == 3 else {
        return "the decoder's stages are not Replace, ByteFallback, Fuse, Strip in this order"
      }
      last = place
    }
    switch decoders.first {
    case nil: return "there is no decoder"
    case .strip: return "Strip does not follow Fuse"
    default: return nil
    }
  }
}
