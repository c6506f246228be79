/// Decodes ids one at a time; the texts it gives, joined, equal `Tokenizer.decode(_:skipSpecial:)`.
public struct StreamingDecoder: Sendable {
  private let tokenizer: Tokenizer
  private let skipSpecial: Bool
  /// The start of a character whose end has not come yet, at most 3 bytes.
  private var pending: [UInt8] = []
  /// What runs the decoders where merges join characters.
  private var characters: CharacterDecoder?

  /// A decoder at the start of a text, or within one, where no leading space is left out.
  ///
  /// - Parameter skipSpecial: leaves out special tokens.
  public init(_ tokenizer: Tokenizer, skipSpecial: Bool = false, startsText: Bool = true) {
    self.tokenizer = tokenizer
    self.skipSpecial = skipSpecial
    if !tokenizer.tables.rules.joinsBytes {
      characters = CharacterDecoder(tokenizer.tables.rules.decoders, startsText: startsText)
    }
  }

  /// The text that `id` completes; an unfinished character at its end, or a run of byte tokens, is held back.
  public mutating func push(_ id: UInt32) -> String {
    if characters != nil {
      let name = tokenizer.shownBytes(of: id, skipSpecial: skipSpecial)
      return String(decoding: characters?.push(name) ?? [], as: UTF8.self)
    }
    let bytes = pending + tokenizer.shownBytes(of: id, skipSpecial: skipSpecial)
    let complete = bytes.count - Self.unfinishedLength(bytes)
    pending = Array(bytes[complete...])
    return String(decoding: bytes[..<complete], as: UTF8.self)
  }

  /// What was held back, as U+FFFD where it is not UTF-8; the text is then at its end.
  public mutating func finish() -> String {
    if characters != nil { return String(decoding: characters?.finish() ?? [], as: UTF8.self) }
    defer { pending = [] }
    return String(decoding: pending, as: UTF8.self)
  }

  /// The length of a UTF-8 character that is well-formed so far and lacks its end.
  private static func unfinishedLength(_ bytes: [UInt8]) -> Int {
    guard let start = bytes.lastIndex(where: { $0 & 0xC0 != 0x80 }), bytes.count - start < 4 else { return 0 }
    let tail = bytes[start...]
    switch bytes[start] {
    case 0xC2...0xDF: return tail.count < 2 ? tail.count : 0
    case 0xE0...0xEF: return tail.count < 3 && secondFits(tail) ? tail.count : 0
    case 0xF0...0xF4: return secondFits(tail) ? tail.count : 0
    default: return 0
    }
  }

  /// Whether the second byte, if there is one, neither overlong nor a surrogate nor above U+10FFFF.
  private static func secondFits(_ tail: ArraySlice<UInt8>) -> Bool {
    guard tail.count > 1 else { return true }
    let second = tail[tail.startIndex + 1]
    switch tail[tail.startIndex] {
    case 0xE0: return second >= 0xA0
    case 0xED: return second < 0xA0
    case 0xF0: return second >= 0x90
    case 0xF4: return second < 0x90
    default: return true
    }
  }
}
