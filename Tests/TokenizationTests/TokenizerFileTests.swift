import Frontend
import JSONText
import Testing
import Tokenization

@Suite struct TokenizerFileTests {
  private static let byteLevel: JSONValue = [
    "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
  ]

  /// A file with the tokens of all bytes and `ab`.
  private static let small: JSONValue = {
    var names: [String] = (0x21...0x7E).map { String(Unicode.Scalar(UInt8($0))) }
    names += ((0xA1...0xAC).map { $0 } + (0xAE...0xFF).map { $0 }).map { String(Unicode.Scalar(UInt8($0))) }
    names += (0..<68).compactMap { Unicode.Scalar(0x100 + UInt32($0)).map { String($0) } } + ["ab", "<s>"]
    let vocabulary = JSONObject(names.enumerated().map { ($1, .integer(Int64($0))) })
    return [
      "version": "1.0", "truncation": nil, "padding": nil, "added_tokens": [], "normalizer": nil,
      "pre_tokenizer": byteLevel, "post_processor": nil, "decoder": byteLevel,
      "model": ["type": "BPE", "vocab": .object(vocabulary), "merges": [["a", "b"]]],
    ]
  }()

  private func problems(_ changes: [(String, JSONValue?)]) -> [String] {
    let json = changes.reduce(Self.small) { $0.replacing($1.0, by: $1.1) }
    do {
      _ = try TokenizerFile.read(json: json)
      return []
    } catch {
      return error.problems.map { "\($0.path): \($0.message)" }
    }
  }

  @Test func smallFile() throws {
    let file = try TokenizerFile.read(json: Self.small)
    #expect(file.maximumID == 257)
    #expect(Tokenizer(file.tables).encode("abab") == [256, 256])
    #expect(file.tables.policy == .init(beginningID: nil, endIDs: [], prefix: [], suffix: []))
    let bytes = Array(JSONText.encode(Self.small).utf8)
    #expect(try TokenizerFile.read(bytes).tables == file.tables)
  }

  /// Each change gives exactly one problem at that place.
  @Test func unsupportedSettingsAreRefusedByName() {
    let cases: [(String, JSONValue, String)] = [
      ("pre_tokenizer.type", "Whitespace", "$.pre_tokenizer.type: pre_tokenizer.type is 'Whitespace'"),
      ("pre_tokenizer", nil, "$: pre-tokenizer and decoder do not belong together"),
      ("pre_tokenizer.behavior", "x", "$.pre_tokenizer.behavior: unknown setting 'behavior'"),
      ("decoder", nil, "$.decoder: decoder is missing"),
      ("decoder.type", "CTC", "$.decoder.type: decoder.type is 'CTC'"),
      ("normalizer", ["type": "NFKC"], "$.normalizer.type: normalizer.type is 'NFKC'"),
      (
        "normalizer", ["type": "Sequence", "normalizers": [["type": "NFC"], ["type": "Lowercase"]]],
        "$.normalizer.normalizers[1].type: normalizer.type is 'Lowercase'"
      ),
      (
        "post_processor", ["type": "RobertaProcessing"],
        "$.post_processor.type: post_processor.type is 'RobertaProcessing'"
      ),
      ("model.type", "Unigram", "$.model.type: model.type is 'Unigram'"),
      ("model.dropout", 0.1, "$.model.dropout: model.dropout is set"),
      ("model.unk_token", "<unk>", "$.model.unk_token: model.unk_token is set"),
      (
        "model.continuing_subword_prefix", "##",
        "$.model.continuing_subword_prefix: model.continuing_subword_prefix is set"
      ),
      ("model.end_of_word_suffix", "</w>", "$.model.end_of_word_suffix: model.end_of_word_suffix is set"),
      ("model.fuse_unk", true, "$.model.fuse_unk: model.fuse_unk is set"),
      ("model.byte_fallback", true, "$.model.byte_fallback: model.byte_fallback is set"),
      ("model.magic", true, "$.model.magic: unknown setting 'magic'"),
      ("model.vocab.ab", 0, "$.model.vocab: id 0 of 'ab' belongs to another token"),
      ("model.vocab.zz", -1, "$.model.vocab: the id of 'zz' is not a number below 4000000"),
      ("model.merges", [["a", "c"]], "$.model.merges[0]: 'a', 'c' or both joined is no token"),
      ("model.merges", ["a  b"], "$.model.merges[0]: not a pair of tokens"),
      ("version", "2.0", "$.version: unknown version"),
      ("surprise", 1, "$.surprise: unknown setting 'surprise'"),
    ]
    for (path, change, expected) in cases {
      let found = problems([(path, change)])
      let mergeLost = "$.model.merges[0]: 'a', 'b' or both joined is no token"
      #expect(found.filter { $0 != mergeLost } == [expected], "\(path)")
    }
  }

  /// A file whose merges join characters, with a token for every byte.
  private static let characters: JSONValue = {
    let names = (0..<256).map { String(decoding: TokenizerTables.fallbackName(of: UInt8($0)), as: UTF8.self) }
    let all = names + ["<unk>", "▁", "a", "b", "▁a", "ab"]
    let vocabulary = JSONObject(all.enumerated().map { ($1, .integer(Int64($0))) })
    return [
      "added_tokens": [], "normalizer": ["type": "Prepend", "prepend": "▁"],
      "pre_tokenizer": [
        "type": "Split", "pattern": ["String": "-"], "behavior": "Isolated", "invert": false,
      ],
      "decoder": ["type": "Sequence", "decoders": [["type": "ByteFallback"], ["type": "Fuse"]]],
      "model": [
        "type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": true,
        "vocab": .object(vocabulary), "merges": ["▁ a", "a b"],
      ],
    ]
  }()

  @Test func stagesThatCannotBeReadExactlyAreRefusedByName() throws {
    #expect(
      Tokenizer(try TokenizerFile.read(json: Self.characters).tables).encode("ab-é") == [
        260, 259, 0x2D, 0xC3, 0xA9,
      ])
    let replace: JSONValue = ["type": "Replace", "pattern": ["Regex": " {2,}"], "content": "▁"]
    let cases: [(String, JSONValue?, String)] = [
      ("normalizer", replace, "$.normalizer.pattern: the pattern is an expression"),
      ("normalizer.prepend", "a prefix of many bytes", "$.normalizer.prepend: the text has 22 bytes"),
      ("pre_tokenizer.pattern", ["Regex": "\\w+"], "the expression '\\w+' is not known"),
      ("pre_tokenizer.behavior", "Joined", "$.pre_tokenizer.behavior: 'Joined' is unknown"),
      ("model.byte_fallback", false, "$.model.byte_fallback: model.byte_fallback is not set"),
      ("model.vocab.<0x0A>", nil, "1 byte tokens are missing, the first for byte 10"),
      ("decoder.decoders", [["type": "Fuse"], ["type": "ByteFallback"]], "$: the decoder's stages are not"),
      (
        "decoder.decoders", [["type": "Fuse"], ["type": "Strip", "content": " ", "start": 1, "stop": 1]],
        "Strip leaves out 1 at the end"
      ),
      (
        "pre_tokenizer", ["type": "Metaspace", "replacement": "▁", "prepend_scheme": "first"],
        "Metaspace with the scheme 'first'"
      ),
    ]
    for (path, change, expected) in cases {
      do {
        _ = try TokenizerFile.read(json: Self.characters.replacing(path, by: change))
        Issue.record("\(path) is read")
      } catch {
        let found = error.problems.map { "\($0.path): \($0.message)" }
        #expect(found.count == 1 && found[0].contains(expected), "\(found)")
        #expect(error.problems.allSatisfy { !$0.hint.isEmpty })
      }
    }
  }

  @Test func allProblemsAreReported() {
    let found = problems([
      ("model.dropout", 0.5), ("decoder.type", "WordPiece"), ("normalizer", ["type": "NFD"]), ("extra", 1),
    ])
    #expect(found.count == 4)
    #expect(problems([("model", nil)]).count == 1)
    #expect(
      problems([("model.vocab.a", nil)]).contains {
        $0.contains("1 byte tokens are missing, the first for byte 97")
      })
  }

  @Test func whatIsNoTokenizerIsRefused() {
    for json: JSONValue in [nil, 1, [], "x", [:], ["model": 1], ["added_tokens": 1, "model": ["vocab": 1]]] {
      #expect(throws: TokenizerFileError.self) { try TokenizerFile.read(json: json) }
    }
    for text in ["", "{", "{\"a\":1,\"a\":2}", "nonsense"] {
      #expect(throws: TokenizerFileError.self) { try TokenizerFile.read(Array(text.utf8)) }
    }
  }

  /// Whatever one byte of a file becomes, the file is read or refused.
  @Test func everyCorruptionIsRefusedOrHarmless() {
    var bytes = Array(JSONText.encode(Self.small).utf8)
    let values = [UInt8](#"9"-,}]x"#.utf8) + [0, 0xFF]
    for index in bytes.indices {
      let original = bytes[index]
      bytes[index] = values[index % values.count]
      if let file = try? TokenizerFile.read(bytes) { _ = Tokenizer(file.tables).encode("abc <s>") }
      bytes[index] = original
    }
  }

  @Test func stagesThatMultiplyTextAreRefused() {
    let stage: JSONValue = [
      "type": "Replace", "pattern": ["String": "a"], "content": .string(String(repeating: "a", count: 16)),
    ]
    let stages = JSONValue.array(Array(repeating: stage, count: 8))
    #expect(
      problems([("normalizer", ["type": "Sequence", "normalizers": stages])]) == [
        "$: the stages may turn one byte into 4294967296, which is more than 64"
      ])
  }

  @Test func acceptedVariants() throws {
    #expect(problems([("model.type", nil), ("model.dropout", 0.0), ("version", nil)]) == [])
    #expect(problems([("model.continuing_subword_prefix", ""), ("model.end_of_word_suffix", "")]) == [])
    #expect(
      problems([("model.merges", ["#version: 0.2", "a b"]), ("post_processor", Self.byteLevel)]) == [])
    let json = Self.small.replacing("truncation", by: ["max_length": 5]).replacing("padding", by: [:])
    #expect(try TokenizerFile.read(json: json).notes.map(\.path) == ["$.truncation", "$.padding"])
  }

  private func token(_ id: Int64, _ content: String) -> JSONValue {
    [
      "id": .integer(id), "content": .string(content), "single_word": false, "lstrip": false, "rstrip": false,
      "normalized": false, "special": true,
    ]
  }

  @Test func addedTokensWithIDsBeyondEveryVocabulary() {
    let largest = Int64(TokenizerTables.maximumVocabulary) - 1
    for id in [Int64(UInt32.max), largest + 1, -1, Int64.max] {
      let found = problems([
        ("model.vocab.zz", .integer(id)), ("added_tokens", [token(id, "zz"), token(258, "new")]),
      ])
      #expect(
        found.contains("$.added_tokens[0]: the id is not a number below 4000000"), "\(id): \(found)")
    }
    let found = problems([
      ("model.vocab.zz", .integer(largest)),
      ("added_tokens", [token(largest, "zz"), token(largest + 1, "new")]),
    ])
    #expect(found == ["$.added_tokens[1]: the id is not a number below 4000000"])
  }

  @Test func addedTokens() {
    func found(_ tokens: [JSONValue]) -> [String] { problems([("added_tokens", .array(tokens))]) }
    #expect(found([token(257, "<s>"), token(258, "new"), token(259, "newer")]) == [])
    #expect(
      found([token(259, "new")]) == [
        "$.added_tokens[0].id: 'new' has id 259, but the tokenizers library would give it 258"
      ])
    #expect(
      found([token(3, "<s>")]) == [
        "$.added_tokens[0].id: '<s>' has id 3, but the tokenizers library would give it 257"
      ])
    #expect(found([token(258, "new"), token(259, "new")]) == ["$.added_tokens[1]: the text occurs twice"])
    #expect(found([token(258, "")]) == ["$.added_tokens[0]: the content is empty"])
    #expect(found([["id": 1]]).count == 1)
    #expect(found([token(258, String(repeating: "x", count: 1024))]) == [])
    #expect(
      found([token(258, String(repeating: "x", count: 1025))]) == [
        "$.added_tokens[0]: the content has 1025 bytes, more than 1024"
      ])
  }
}
