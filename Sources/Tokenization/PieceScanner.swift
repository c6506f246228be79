/// Cuts text into pieces as the GPT-2 expression does.
///
/// The expression is
/// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
struct PieceScanner: Sendable {
  let split: TokenizerTables.Rules.Split

  /// The end of the piece that starts at `start`; the text is `bytes[..<end]`, and `start` is below `end`.
  func pieceEnd(in bytes: Span<UInt8>, from start: Int, to end: Int) -> Int {
    guard split == .gpt2 else { return end }
    let first = bytes[start]
    if first == UInt8(ascii: "'"), let stop = Self.contractionEnd(in: bytes, from: start, to: end) {
      return stop
    }
    if first == UInt8(ascii: " "), start + 1 < end {
      let kind = CharacterClass.at(start + 1, of: bytes).kind
      if kind != .space { return Self.runEnd(of: kind, in: bytes, from: start + 1, to: end) }
    }
    let (kind, length) = CharacterClass.at(start, of: bytes)
    guard kind == .space else { return Self.runEnd(of: kind, in: bytes, from: start, to: end) }
    return Self.spaceEnd(in: bytes, from: start, firstLength: length, to: end)
  }

  private static func contractionEnd(in bytes: Span<UInt8>, from start: Int, to end: Int) -> Int? {
    guard start + 1 < end else { return nil }
    switch bytes[start + 1] {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start + 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"):
      return start + 2 < end && bytes[start + 2] == UInt8(ascii: "e") ? start + 3 : nil
    case UInt8(ascii: "l"):
      return start + 2 < end && bytes[start + 2] == UInt8(ascii: "l") ? start + 3 : nil
    default: return nil
    }
  }

  private static func runEnd(
    of kind: CharacterClass, in bytes: Span<UInt8>, from start: Int, to end: Int
  ) -> Int {
    var index = start
    while index < end {
      let (next, length) = CharacterClass.at(index, of: bytes)
      guard next == kind else { break }
      index += length
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
