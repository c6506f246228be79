import Testing
import Tokenization

@Suite struct StreamingDecoderTests {
  @Test func holdsBackUnfinishedCharactersOnly() throws {
    let tokenizer = Tokenizer(try Fixtures.tables(extra: ["x"]))
    var decoder = StreamingDecoder(tokenizer)
    #expect(decoder.push(0x41) == "A")
    let pushes: [(UInt32, String)] = [
      (0xF0, ""), (0x9F, ""), (0x98, ""), (0x80, "😀"), (0xE2, ""), (0x82, ""),
    ]
    for (byte, text) in pushes { #expect(decoder.push(byte) == text) }
    #expect(decoder.push(0x41) == "\u{FFFD}A")
    #expect(decoder.push(0xED) == "")
    #expect(decoder.push(0xA0) == "\u{FFFD}\u{FFFD}")
    #expect(decoder.push(0xC3) == "")
    #expect(decoder.finish() == "\u{FFFD}")
    #expect(decoder.finish() == "")
  }

  /// All sequences of up to four bytes around the borders of UTF-8.
  @Test func equalsWholeDecode() throws {
    let tokenizer = Tokenizer(try Fixtures.tables(extra: ["x"]))
    let bytes: [UInt32] = [
      0x41, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC1, 0xC2, 0xE0, 0xE1, 0xED, 0xF0, 0xF4, 0xF5,
    ]
    var sequences: [[UInt32]] = [[]]
    for _ in 0..<4 {
      sequences += sequences.suffix(bytes.count * bytes.count * bytes.count).flatMap { s in
        bytes.map { s + [$0] }
      }
    }
    for ids in sequences {
      var decoder = StreamingDecoder(tokenizer)
      let text = ids.map { decoder.push($0) }.joined() + decoder.finish()
      if text.bytes != tokenizer.decode(ids).bytes { Issue.record("\(ids)") }
    }
  }

  @Test func skipsSpecialTokens() throws {
    let tokenizer = Tokenizer(try Fixtures.smallTables())
    var decoder = StreamingDecoder(tokenizer, skipSpecial: true)
    #expect([256, 0x41, 9999, 256].map { decoder.push($0) } == ["", "A", "", ""])
    #expect(tokenizer.decode([256, 0x41], skipSpecial: true) == "A")
    #expect(tokenizer.decode([256, 0x41]) == "<|end|>A")
  }

  /// Runs of byte tokens are held back to their end; only a text's first token loses its space.
  @Test func runsOfByteTokens() throws {
    let tokenizer = Tokenizer(try Fixtures.characterTables())
    let ids: [UInt32] = [259, 0xC3, 0xA9, 256, 0xC3, 0xA9, 0xFF, 258, 0xE2]
    #expect(tokenizer.decode(ids) == "aé \u{FFFD}\u{FFFD}\u{FFFD}b\u{FFFD}")
    var decoder = StreamingDecoder(tokenizer)
    let pushed = ids.map { decoder.push($0) }
    #expect(pushed == ["a", "", "", "é ", "", "", "", "\u{FFFD}\u{FFFD}\u{FFFD}b", ""])
    #expect(decoder.finish() == "\u{FFFD}")
    var within = StreamingDecoder(tokenizer, startsText: false)
    #expect(within.push(259) == " a")
  }
}
