import Testing
import Tokenization

@Suite struct EncodeTests {
  /// Guards the standard library's normalization: this tokenizer's ids are the bytes of the composed text.
  @Test func canonicalComposition() throws {
    let tokenizer = Tokenizer(try Fixtures.tables(extra: ["x"], normalizers: [.nfc]))
    let cases = [
      ("abc é", "abc é"), ("e\u{301}", "\u{E9}"), ("\u{212B}", "\u{C5}"),
      ("q\u{307}\u{323}", "q\u{323}\u{307}"),
      ("\u{1112}\u{1161}\u{11AB}", "\u{D55C}"), ("\u{958}", "\u{915}\u{93C}"),
      ("\u{F73}\u{F73}", "\u{F71}\u{F71}\u{F72}\u{F72}"),
      ("\u{1E0B}\u{323}", "\u{1E0D}\u{307}"), ("\u{344}", "\u{308}\u{301}"),
      ("a\u{316}\u{301}", "\u{E1}\u{316}"),
      ("\u{FB01}", "\u{FB01}"), ("\u{F81}\u{301}\u{316}", "\u{F71}\u{F80}\u{316}\u{301}"),
      ("\u{2126}", "\u{3A9}"),
    ]
    for (text, expected) in cases {
      #expect(tokenizer.encode(text) == expected.utf8.map { UInt32($0) }, "\(text.debugDescription)")
    }
  }

  /// None of these may take quadratic time: at 200,000 characters that would be minutes.
  @Test(.timeLimit(.minutes(1))) func longRuns() throws {
    let tokenizer = Tokenizer(try Fixtures.smallTables())
    let count = 200_000
    let letters = tokenizer.encode(String(repeating: "a", count: count + 3))
    #expect(letters == Array(repeating: 261, count: count / 4) + [260, 0x61])
    for unit in [
      "\u{301}\u{316}", "\u{F73}", " ", "\n ", "'", "the", "<|end|>", "<|end", "é", "漢", "e\u{301}",
    ] {
      let text = String(repeating: unit, count: count)
      let ids = tokenizer.encode(text)
      #expect(!ids.isEmpty)
      #expect(ids.allSatisfy { $0 < tokenizer.vocabularySize })
    }
  }

  @Test func shortAndLongPiecesMergeAlike() throws {
    let letters = ["a", "b", "ab", "ba", "aa", "aba", "abab", "bb", "aab"]
    let merges = [
      ("a", "b"), ("b", "a"), ("a", "a"), ("ab", "a"), ("ab", "ab"), ("b", "b"), ("a", "ab"), ("aa", "b"),
    ]
    let tokenizer = Tokenizer(try Fixtures.tables(extra: letters, merges: merges, splits: false))
    var state: UInt64 = 1
    for length in [0, 1, 2, 15, 16, 17, 47, 48, 49, 63, 64, 65, 400] {
      for _ in 0..<50 {
        var text: [UInt8] = []
        for _ in 0..<length {
          state = state &* 6_364_136_223_846_793_005 &+ 1
          text.append(state >> 60 < 9 ? 0x61 : 0x62)
        }
        let ids = tokenizer.encode(utf8: text)
        #expect(ids == merged(text, tokenizer.tables))
        #expect(ids.flatMap { tokenizer.bytes(of: $0) } == text)
      }
    }
  }

  /// The definition of BPE: apply the merge of lowest rank, leftmost first, until none applies.
  private func merged(_ text: [UInt8], _ tables: TokenizerTables) -> [UInt32] {
    var ids = text.map { UInt32($0) }
    while true {
      let found = tables.merges.lazy.compactMap { merge in
        ids.indices.dropLast().first { ids[$0] == merge.left && ids[$0 + 1] == merge.right }.map {
          ($0, merge)
        }
      }.first
      guard let (place, merge) = found else { return ids }
      ids.replaceSubrange(place...place + 1, with: [merge.result])
    }
  }

  @Test func invalidUTF8IsReadAsReplacementCharacters() throws {
    let tokenizer = Tokenizer(try Fixtures.smallTables())
    for bytes: [UInt8] in [
      [0xFF], [0xC3], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0x80, 0x41], [0xF4, 0x90, 0x80, 0x80],
    ] {
      let text = String(decoding: bytes, as: UTF8.self)
      #expect(tokenizer.encode(utf8: bytes) == tokenizer.encode(text))
      #expect(tokenizer.decode(tokenizer.encode(utf8: bytes)).bytes == text.bytes)
    }
  }

  @Test func prefixAndSuffix() throws {
    let tokenizer = Tokenizer(try Fixtures.smallTables())
    #expect(tokenizer.encode("the", addSpecialTokens: true) == [256, 258, 256, 0])
    #expect(tokenizer.encode("the") == [258])
    #expect(tokenizer.encode("") == [])
    #expect(tokenizer.encode("a<|end|>the   b") == [0x61, 256, 258, 259, 0x62])
  }
}
