/// Finds what a splitter cuts out.
enum PieceMatcher {
  case expression(TokenizerTables.Rules.Expression)
  case literal([UInt8])
  case punctuation
  case digits

  /// The first match at or after `start` of `bytes[..<end]`.
  ///
  /// - Parameter isMapped: whether each byte is looked at as the character that stands for it.
  func nextMatch(in bytes: Span<UInt8>, from start: Int, to end: Int, isMapped: Bool) -> Range<Int>? {
    switch self {
    case .expression(.threeDigits): return Self.threeDigits(in: bytes, from: start, to: end)
    case .expression(let expression):
      return start < end
        ? start..<ExpressionScanner(expression).pieceEnd(in: bytes, from: start, to: end) : nil
    case .literal(let text): return Self.occurrence(of: text, in: bytes, from: start, to: end)
    case .punctuation, .digits:
      var index = start
      while index < end {
        let (scalar, length) =
          isMapped ? (ByteAlphabet.character(of: bytes[index]), 1) : bytes.scalar(at: index)
        if matches(scalar) { return index..<index + length }
        index += length
      }
      return nil
    }
  }

  private func matches(_ scalar: Unicode.Scalar) -> Bool {
    if case .digits = self {
      return scalar.isASCII ? (0x30...0x39).contains(scalar.value) : CharacterClass(scalar) == .number
    }
    return scalar.isPunctuation
  }

  private static func threeDigits(in bytes: Span<UInt8>, from start: Int, to end: Int) -> Range<Int>? {
    var count = 0
    for index in start..<end {
      count = (0x30...0x39).contains(bytes[index]) ? count + 1 : 0
      if count == 3 { return index - 2..<index + 1 }
    }
    return nil
  }

  private static func occurrence(
    of text: [UInt8], in bytes: Span<UInt8>, from start: Int, to end: Int
  ) -> Range<Int>? {
    guard start + text.count <= end else { return nil }
    for index in start...end - text.count where text.indices.allSatisfy({ bytes[index + $0] == text[$0] }) {
      return index..<index + text.count
    }
    return nil
  }
}

extension Unicode.Scalar {
  /// What the `tokenizers` library takes for punctuation: the general categories as they were in Unicode 8, when two
  /// characters more had them.
  fileprivate var isPunctuation: Bool {
    if isASCII {
      return (0x21...0x2F).contains(value) || (0x3A...0x40).contains(value) || (0x5B...0x60).contains(value)
        || (0x7B...0x7E).contains(value)
    }
    switch properties.generalCategory {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
      .finalPunctuation, .otherPunctuation:
      return properties.age.map { $0.major <= 8 } ?? false
    default: return value == 0x166D || value == 0x111C9
    }
  }
}
