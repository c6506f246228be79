/// A stage as a plan's tokenizer section holds it: kind, option, two lengths, each 4 bytes; two texts, each padded
/// with zeros to 16 bytes.
struct StageRecord: Equatable {
  static let length = 16 + 2 * TokenizerTables.Rules.longestText

  var kind: UInt32
  var option: UInt32 = 0
  var first: [UInt8] = []
  var second: [UInt8] = []

  /// Whether both texts fit, and are as a stage needs them.
  private func hasTexts(_ wantsFirst: Bool, _ wantsSecond: Bool = false) -> Bool {
    let limit = TokenizerTables.Rules.longestText
    return first.isEmpty != wantsFirst && (wantsSecond || second.isEmpty) && first.count <= limit
      && second.count <= limit && String(validating: first, as: UTF8.self) != nil
      && String(validating: second, as: UTF8.self) != nil
  }

  /// Whether the first text is one character.
  private var hasCharacter: Bool {
    hasTexts(true) && String(decoding: first, as: UTF8.self).unicodeScalars.count == 1
  }

  /// A truth value in the option's lowest bit; nil where other bits are set.
  private var flag: Bool? { option < 2 ? option == 1 : nil }
}

extension StageRecord {
  init(_ stage: TokenizerTables.Rules.Normalizer) {
    switch stage {
    case .nfc: self.init(kind: 1)
    case .prepend(let text): self.init(kind: 2, first: text)
    case .replace(let pattern, let text): self.init(kind: 3, first: pattern, second: text)
    }
  }

  /// The stage, nil where the record is none.
  var normalizer: TokenizerTables.Rules.Normalizer? {
    switch kind {
    case 1 where option == 0 && hasTexts(false): .nfc
    case 2 where option == 0 && hasTexts(true): .prepend(first)
    case 3 where option == 0 && hasTexts(true, true): .replace(first, by: second)
    default: nil
    }
  }

  init(_ stage: TokenizerTables.Rules.Splitter) {
    switch stage {
    case .byteLevel(let adds, let splits): self.init(kind: 16, option: (adds ? 1 : 0) | (splits ? 2 : 0))
    case .expression(let expression, let behavior, let isInverted):
      self.init(kind: 17, option: expression.rawValue << 16 | behavior.rawValue << 1 | (isInverted ? 1 : 0))
    case .literal(let text, let behavior, let isInverted):
      self.init(kind: 18, option: behavior.rawValue << 1 | (isInverted ? 1 : 0), first: text)
    case .punctuation(let behavior): self.init(kind: 19, option: behavior.rawValue)
    case .digits(let isIndividual): self.init(kind: 20, option: isIndividual ? 1 : 0)
    case .metaspace(let mark, let prepending, let splits):
      self.init(kind: 21, option: prepending.rawValue << 1 | (splits ? 1 : 0), first: mark)
    }
  }

  /// The stage, nil where the record is none.
  var splitter: TokenizerTables.Rules.Splitter? {
    typealias Rules = TokenizerTables.Rules
    let behavior = Rules.Behavior(rawValue: (option & 0xFFFF) >> 1)
    switch kind {
    case 16 where option < 4 && hasTexts(false):
      return .byteLevel(addsPrefixSpace: option & 1 != 0, splits: option & 2 != 0)
    case 17 where hasTexts(false):
      guard let behavior, let expression = Rules.Expression(rawValue: option >> 16) else { return nil }
      return .expression(expression, behavior, isInverted: option & 1 != 0)
    case 18 where option < 0x10000 && hasTexts(true):
      return behavior.map { .literal(first, $0, isInverted: option & 1 != 0) }
    case 19 where hasTexts(false): return Rules.Behavior(rawValue: option).map { .punctuation($0) }
    case 20 where hasTexts(false): return flag.map { .digits(isIndividual: $0) }
    case 21 where hasCharacter:
      return Rules.Prepending(rawValue: option >> 1).map { .metaspace(first, $0, splits: option & 1 != 0) }
    default: return nil
    }
  }

  init(_ stage: TokenizerTables.Rules.Decoder) {
    switch stage {
    case .byteLevel: self.init(kind: 32)
    case .replace(let pattern, let text): self.init(kind: 33, first: pattern, second: text)
    case .byteFallback: self.init(kind: 34)
    case .fuse: self.init(kind: 35)
    case .strip(let text, let count): self.init(kind: 36, option: count, first: text)
    case .metaspace(let mark, let prepending): self.init(kind: 37, option: prepending.rawValue, first: mark)
    }
  }

  /// The stage, nil where the record is none.
  var decoder: TokenizerTables.Rules.Decoder? {
    switch kind {
    case 32 where option == 0 && hasTexts(false): .byteLevel
    case 33 where option == 0 && hasTexts(true, true): .replace(first, by: second)
    case 34 where option == 0 && hasTexts(false): .byteFallback
    case 35 where option == 0 && hasTexts(false): .fuse
    case 36 where hasCharacter: .strip(first, count: option)
    case 37 where hasCharacter:
      TokenizerTables.Rules.Prepending(rawValue: option).map { .metaspace(first, $0) }
    default: nil
    }
  }
}

extension TokenizerTables.Rules {
  /// All stages: normalizers, then splitters, then decoders; the kinds tell them apart.
  var records: [StageRecord] {
    normalizers.map { StageRecord($0) } + splitters.map { StageRecord($0) } + decoders.map { StageRecord($0) }
  }

  /// Reads stages in the order of `records`.
  /// - Throws: `TokenizerSectionError.stage` of the first that is unknown or out of order.
  init(records: [StageRecord]) throws(TokenizerSectionError) {
    var (normalizers, splitters, decoders): ([Normalizer], [Splitter], [Decoder]) = ([], [], [])
    for (index, record) in records.enumerated() {
      if let stage = record.normalizer, splitters.isEmpty, decoders.isEmpty {
        normalizers.append(stage)
      } else if let stage = record.splitter, decoders.isEmpty {
        splitters.append(stage)
      } else if let stage = record.decoder {
        decoders.append(stage)
      } else {
        throw .stage(index: index)
      }
    }
    self.init(normalizers: normalizers, splitters: splitters, decoders: decoders)
  }
}
