/// Runs the decoders over the names of tokens, one after the other.
struct CharacterDecoder: Sendable {
  private var replacements: [(pattern: [UInt8], text: [UInt8])] = []
  private var fallsBackToBytes = false
  private var stripped: [UInt8] = []
  /// How many of `stripped` may still be left out.
  private var stripLimit: UInt32 = 0
  private var mark: [UInt8] = []
  /// Whether marks become nothing rather than spaces.
  private var dropsMarks = false
  /// The bytes of a run of byte tokens.
  private var run: [UInt8] = []

  /// - Parameter startsText: whether the first token is the text's first, where some decoders leave out spaces.
  init(_ decoders: [TokenizerTables.Rules.Decoder], startsText: Bool) {
    for decoder in decoders {
      switch decoder {
      case .replace(let pattern, let text): replacements.append((pattern, text))
      case .byteFallback: fallsBackToBytes = true
      case .strip(let text, let count): if startsText { (stripped, stripLimit) = (text, count) }
      case .metaspace(let mark, let prepending):
        self.mark = mark
        dropsMarks = startsText && prepending != .never
      case .byteLevel, .fuse: break
      }
    }
  }

  /// The text that a token of this name completes; an id without a token has no name.
  mutating func push(_ name: ArraySlice<UInt8>) -> [UInt8] {
    guard !name.isEmpty else { return [] }
    var text = Array(name)
    for replacement in replacements {
      text = text[...].replacing(replacement.pattern, by: replacement.text)
    }
    if !mark.isEmpty {
      text = text[...].replacing(mark, by: dropsMarks ? [] : [UInt8(ascii: " ")])
      dropsMarks = false
    }
    if fallsBackToBytes, let byte = Self.byte(text) {
      run.append(byte)
      return []
    }
    return strip(takeRun() + text)
  }

  /// The text of a run of byte tokens that was held back.
  mutating func finish() -> [UInt8] { strip(takeRun()) }

  /// A run that is not UTF-8 is as many U+FFFD as it has bytes.
  private mutating func takeRun() -> [UInt8] {
    defer { run = [] }
    if String(validating: run, as: UTF8.self) != nil { return run }
    return run.flatMap { _ in [0xEF, 0xBF, 0xBD] as [UInt8] }
  }

  private mutating func strip(_ text: [UInt8]) -> [UInt8] {
    var rest = text[...]
    while stripLimit > 0, !rest.isEmpty {
      guard rest.starts(with: stripped) else {
        stripLimit = 0
        break
      }
      rest = rest.dropFirst(stripped.count)
      stripLimit -= 1
    }
    return Array(rest)
  }

  /// The byte that `<0x0A>` stands for, nil for any other name; digits are read as the `tokenizers` library does.
  private static func byte(_ name: [UInt8]) -> UInt8? {
    guard name.count == 6, name.starts(with: Array("<0x".utf8)), name[5] == UInt8(ascii: ">") else {
      return nil
    }
    let high = name[3] == UInt8(ascii: "+") ? 0 : Unicode.Scalar(name[3]).hexDigit
    guard let high, let low = Unicode.Scalar(name[4]).hexDigit else { return nil }
    return high << 4 | low
  }
}

extension Unicode.Scalar {
  fileprivate var hexDigit: UInt8? { Character(self).hexDigitValue.flatMap { isASCII ? UInt8($0) : nil } }
}
