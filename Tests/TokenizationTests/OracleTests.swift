import Foundation
import Frontend
import JSONText
import Testing
import Tokenization

/// Everything must equal what the `tokenizers` library gives; see Tests/Oracles/tokenizer_cases.py.
@Suite struct OracleTests {
  @Test func fixtureCasesOfGPTNeoX() throws {
    let tokenizer = Tokenizer(try TokenizerFile.read(json: Fixtures.neox()).tables)
    let cases = try JSONCursor(Fixtures.json("Fixtures/gpt-neox-tokenizer/cases.json")).array()
    #expect(cases.count > 100)
    for item in cases {
      let text = try item["text"].string()
      let ids = try item["ids"].ids()
      #expect(tokenizer.encode(text) == ids, "\(item.path)")
      #expect(try tokenizer.decode(ids).bytes == item["decoded"].string().bytes, "\(item.path)")
    }
  }

  @Test func generatedCases() throws {
    let files = ["gpt-neox": try Fixtures.neox(), "gutenberg": try Fixtures.gutenberg()]
    for group in try JSONCursor(Fixtures.json("TokenizationTests/Fixtures/tokenizer_cases.json")).array() {
      var json = try #require(files[try group["file"].string()])
      for (path, change) in try group["changes"].members() { json = json.replacing(path, by: change.value) }
      let tokenizer = Tokenizer(try TokenizerFile.read(json: json).tables)
      try check(group, tokenizer, name: try group["name"].string())
    }
  }

  /// Pipelines of Falcon, Llama 3, and of SentencePiece models, over small vocabularies.
  @Test func pipelines() throws {
    for group in try JSONCursor(Fixtures.json(Self.pipelineCases)).array() {
      let tokenizer = Tokenizer(try TokenizerFile.read(json: group["tokenizer"].value).tables)
      #expect(try TokenizerTables(section: tokenizer.tables.encodeSection().span) == tokenizer.tables)
      try check(group, tokenizer, name: try group["name"].string())
    }
  }

  /// More cases can be made with another seed, and named by this variable, relative to the folder of all tests.
  private static let pipelineCases =
    ProcessInfo.processInfo.environment["QUAMBA_PIPELINE_CASES"]
    ?? "TokenizationTests/Fixtures/pipeline_cases.json"

  private func check(_ group: JSONCursor, _ tokenizer: Tokenizer, name: String) throws {
    for item in try group["encode"].array() {
      let text = try item[0].string()
      #expect(try tokenizer.encode(text) == item[1].ids(), "\(name) \(item.path) \(text.debugDescription)")
    }
    for item in try group["framed"].array() {
      let ids = tokenizer.encode(try item[0].string(), addSpecialTokens: true)
      #expect(try ids == item[1].ids(), "\(name) \(item.path)")
    }
    for (member, skipSpecial) in [("decode", false), ("shown", true)] {
      for item in try group[member].array() {
        let text = tokenizer.decode(try item[0].ids(), skipSpecial: skipSpecial)
        #expect(try text.bytes == item[1].string().bytes, "\(name) \(item.path)")
        #expect(stream(try item[0].ids(), tokenizer, skipSpecial) == text.bytes, "\(name) \(item.path)")
      }
    }
  }

  private func stream(_ ids: [UInt32], _ tokenizer: Tokenizer, _ skipSpecial: Bool) -> [UInt8] {
    var decoder = StreamingDecoder(tokenizer, skipSpecial: skipSpecial)
    return ids.flatMap { decoder.push($0).bytes } + decoder.finish().bytes
  }
}
