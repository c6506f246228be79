/// Finds where the match of an expression that matches everywhere ends.
///
/// That of GPT-2 is
/// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`; those of Llama 3 and Qwen 2 are
/// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
/// with three digits and with one.
struct ExpressionScanner: Sendable {
  private let isGPT2: Bool
  private let mostDigits: Int

  /// A scanner of one of the expressions that match everywhere.
  init(_ expression: TokenizerTables.Rules.Expression) {
    isGPT2 = expression == .gpt2
    mostDigits = expression == .qwen2 ? 1 : 3
  }

  /// The end of the piece that starts at `start`; the text is `bytes[..<end]`, and `start` is below `end`.
  func pieceEnd(in bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
    isGPT2
      ? Self.gpt2End(in: bytes, from: start, to: end) : llamaEnd(in: bytes, from: start, to: end)
  }

  private static func gpt2End(in bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
    let first = bytes[start]
    if first == UInt8(ascii: "'"),
      let stop = contractionEnd(in: bytes, from: start, to: end, ignoresCase: false)
    {
      return stop
    }
    if first == UInt8(ascii: " "), start + 1 < end {
      let kind = CharacterClass.at(start + 1, of: bytes).kind
      if kind != .space { return runEnd(of: kind, in: bytes, from: start + 1, to: end) }
    }
    let (kind, length) = CharacterClass.at(start, of: bytes)
    guard kind == .space else { return runEnd(of: kind, in: bytes, from: start, to: end) }
    return spaceEnd(in: bytes, from: start, firstLength: length, to: end)
  }

  private func llamaEnd(in bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
    let first = bytes[start]
    if first == UInt8(ascii: "'"),
      let stop = Self.contractionEnd(in: bytes, from: start, to: end, ignoresCase: true)
    {
      return stop
    }
    let (kind, length) = CharacterClass.at(start, of: bytes)
    let next = start + length
    let nextKind = next < end ? CharacterClass.at(next, of: bytes).kind : .space
    switch kind {
    case .letter: return Self.runEnd(of: .letter, in: bytes, from: start, to: end)
    case .number: return Self.runEnd(of: .number, in: bytes, from: start, to: end, limit: mostDigits)
    case .space, .other:
      if nextKind == .letter, !Self.isLineEnd(first) {
        return Self.runEnd(of: .letter, in: bytes, from: next, to: end)
      }
      if kind == .other || (first == UInt8(ascii: " ") && nextKind == .other) {
        let stop = Self.runEnd(of: .other, in: bytes, from: kind == .other ? start : next, to: end)
        return Self.lineEnds(in: bytes, from: stop, to: end)
      }
      return Self.lastLineEnd(in: bytes, from: start, to: end)
        ?? Self.spaceEnd(in: bytes, from: start, firstLength: length, to: end)
    }
  }

  private static func isLineEnd(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n")
  }

  private static func lineEnds(in bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
    var index = start
    while index < end, isLineEnd(bytes[index]) { index += 1 }
    return index
  }

  /// The end of the last line end of a run of white space, nil where it has none.
  private static func lastLineEnd(in bytes: Span<UInt8>, from start: Int, to end: Int) -> Int? {
    var found: Int?
    for index in start..<runEnd(of: .space, in: bytes, from: start, to: end) where isLineEnd(bytes[index]) {
      found = index + 1
    }
    return found
  }

  /// The end of `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll` or `'d`; without regard to case, `ſ` is an `s`.
  private static func contractionEnd(
    in bytes: Span<UInt8>, from start: Int, to end: Int, ignoresCase: Bool
  ) -> Int? {
    func letter(_ offset: Int) -> UInt8? {
      guard start + offset < end else { return nil }
      let byte = bytes[start + offset]
      return ignoresCase && (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
    }
    switch letter(1) {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start + 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"): return letter(2) == UInt8(ascii: "e") ? start + 3 : nil
    case UInt8(ascii: "l"): return letter(2) == UInt8(ascii: "l") ? start + 3 : nil
    case 0xC5 where ignoresCase: return letter(2) == 0xBF ? start + 3 : nil
    default: return nil
    }
  }

  private static func runEnd(
    of kind: CharacterClass, in bytes: Span<UInt8>, from start: Int, to end: Int, limit: Int = .max
  ) -> Int {
    var index = start
    var count = 0
    while index < end, count < limit {
      let (next, length) = CharacterClass.at(index, of: bytes)
      guard next == kind else { break }
      index += length
      count += 1
    }
    return index
  }

  /// A run of white space leaves its last character to what follows, unless it has only one.
  private static func spaceEnd(
    in bytes: Span<UInt8>, from start: Int, firstLength: Int, to end: Int
  ) -> Int {
    var last = start
    var index = start + firstLength
    while index < end {
      let (kind, length) = CharacterClass.at(index, of: bytes)
      guard kind == .space else { return last > start ? last : index }
      last = index
      index += length
    }
    return end
  }
}
