import Frontend
import JSONText
import Testing
import Tokenization

/// Where the ids that begin and end a text come from.
@Suite struct PolicyTests {
  private func policy(
    tokenizer: JSONValue? = nil, generation: JSONValue? = nil, model: JSONValue? = nil,
    template: JSONValue? = nil
  ) throws -> TokenizerTables.Policy {
    try TokenizerFile.read(
      json: Fixtures.gutenberg().replacing("post_processor", by: template), tokenizerConfig: tokenizer,
      generationConfig: generation, modelConfig: model
    ).tables.policy
  }

  private static func template(_ single: JSONValue) -> JSONValue {
    [
      "type": "TemplateProcessing", "single": single, "pair": [],
      "special_tokens": ["<s>": ["id": "<s>", "ids": [1], "tokens": ["<|padding|>"]]],
    ]
  }
  private static let text: JSONValue = ["Sequence": ["id": "A", "type_id": 0]]
  private static let mark: JSONValue = ["SpecialToken": ["id": "<s>", "type_id": 0]]

  @Test func orderOfFiles() throws {
    let settings: JSONValue = ["eos_token": "<|endoftext|>", "bos_token": ["content": "<|padding|>"]]
    #expect(try policy(tokenizer: settings) == .init(beginningID: 1, endIDs: [0], prefix: [], suffix: []))
    #expect(
      try policy(tokenizer: settings, model: ["eos_token_id": 5, "bos_token_id": nil])
        == .init(beginningID: 1, endIDs: [5], prefix: [], suffix: []))
    #expect(
      try policy(
        tokenizer: settings, generation: ["eos_token_id": [7, 8]],
        model: ["eos_token_id": 5, "bos_token_id": 6])
        == .init(beginningID: 6, endIDs: [7, 8], prefix: [], suffix: []))
  }

  @Test func whatIsAdded() throws {
    let adding: JSONValue = ["add_bos_token": true, "add_eos_token": true]
    let model: JSONValue = ["eos_token_id": [5, 6], "bos_token_id": 4]
    #expect(
      try policy(tokenizer: adding, model: model)
        == .init(beginningID: 4, endIDs: [5, 6], prefix: [4], suffix: [5]))
    let both = Self.template([Self.mark, Self.text, Self.mark])
    #expect(
      try policy(model: model, template: both)
        == .init(beginningID: 4, endIDs: [5, 6], prefix: [1], suffix: [1]))
    #expect(try policy(tokenizer: adding, model: model, template: both).prefix == [1])
    #expect(try policy(tokenizer: ["add_bos_token": nil], template: Self.template([Self.text])).prefix == [])
  }

  @Test func templatesAreShort() throws {
    func template(_ count: Int) -> JSONValue {
      Self.template(.array([Self.text] + Array(repeating: Self.mark, count: count)))
    }
    #expect(try policy(template: template(1024)).suffix.count == 1024)
    do {
      _ = try policy(template: template(1025))
      Issue.record("a template of 1025 ids is read")
    } catch let error as TokenizerFileError {
      #expect(error.problems.map(\.path) == ["$.post_processor.single[1025]"])
      #expect(error.problems.map(\.message) == ["more than 1024 ids go before or after the text"])
    }
  }

  @Test func mistakesAreRefused() {
    let wrong: [(JSONValue?, JSONValue?, JSONValue?)] = [
      (["add_bos_token": true], nil, nil), (["eos_token": "<nothing>"], nil, nil),
      (["eos_token": 5], nil, nil),
      (nil, ["eos_token_id": 4096], nil), (nil, ["eos_token_id": -1], nil), (nil, ["eos_token_id": "0"], nil),
      (nil, ["bos_token_id": [1, 2]], nil), (nil, nil, Self.template([Self.mark])),
      (nil, nil, Self.template([Self.text, Self.text])),
      (nil, nil, Self.template([["Sequence": ["id": "B"]]])),
      (nil, nil, Self.template([["SpecialToken": ["id": "?"]], Self.text])),
      (["add_bos_token": "yes"], nil, nil),
    ]
    for (tokenizer, generation, template) in wrong {
      #expect(throws: TokenizerFileError.self) {
        try policy(tokenizer: tokenizer, generation: generation, template: template)
      }
    }
  }
}
