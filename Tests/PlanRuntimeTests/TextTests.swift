import Generation
import PlanFormat
import PlanRuntime
import Testing
import Tokenization

/// Text in and out: a plan with a tokenizer of single bytes, an end token, and one id beyond the tokenizer's.
@Suite(.serialized)
struct TextTests {
  private static let end: UInt32 = 256

  private func tables(ends: [UInt32]) throws -> TokenizerTables {
    try TokenizerTables(
      tokens: (0..<256).map { [UInt8($0)] } + [Array("<end>".utf8)], byteTokens: Array(0..<256), merges: [],
      addedTokens: [AddedToken(id: Self.end, content: Array("<end>".utf8), flags: .special)],
      rules: TokenizerTables.Rules(addsPrefixSpace: false, splits: true),
      policy: TokenizerTables.Policy(beginningID: nil, endIDs: ends, prefix: [Self.end], suffix: []))
  }

  private func plan(vocabulary: Int = 258, tokenizer: [UInt8]) throws -> Plan {
    var made = MadePlan(.int8, vocabulary: vocabulary)
    made.builder.draft.tokenizer = tokenizer
    return try Plan(bytes: made.builder.bytes())
  }

  private func generator(ends: [UInt32]) throws -> TextGenerator {
    let plan = try plan(tokenizer: tables(ends: ends).encodeSection())
    return try TextGenerator(plan: plan, options: ContextOptions(threads: 1))
  }

  private func generate(
    _ generator: TextGenerator, _ request: GenerationRequest
  ) throws -> (tokens: [UInt32], text: String, count: Int) {
    var (tokens, text) = ([UInt32](), "")
    let statistics = try generator.generate(request) { token, piece in
      if let token { tokens.append(token) }
      text += piece
      return true
    }
    return (tokens, text, statistics.generatedTokens)
  }

  @Test
  func thePromptHasThePolicysPrefix() throws {
    #expect(try generator(ends: []).encode("Aé") == [256, 65, 0xC3, 0xA9])
  }

  @Test
  func piecesJoinToTheTextOfTheTokens() throws {
    let generator = try generator(ends: [])
    let sampling = SamplingOptions(temperature: 1, seed: 5)
    let request = GenerationRequest(prompt: [65, 66], tokenLimit: 400, sampling: sampling)
    let outcome = try generate(generator, request)
    #expect(outcome.tokens.count == 400 && outcome.tokens.contains(257) && outcome.tokens.contains(256))
    let known = outcome.tokens.filter { $0 < 257 }
    #expect(generator.tokenizer?.decode(known, skipSpecial: true) == outcome.text)
  }

  @Test
  func anEndTokenEndsTheText() throws {
    let request = GenerationRequest(prompt: [65], tokenLimit: 10)
    let free = try generate(generator(ends: []), request)
    let third = free.tokens[2]
    let ended = try generate(generator(ends: [third]), request)
    let length = try #require(free.tokens.firstIndex(of: third))
    #expect(ended.tokens == Array(free.tokens[..<length]) && ended.count == length + 1)
    var going = request
    going.ignoresEnd = true
    #expect(try generate(generator(ends: [third]), going).tokens == free.tokens)
  }

  @Test
  func wrongTokenizersAreRefused() throws {
    let section = try tables(ends: []).encodeSection()
    for (vocabulary, tokenizer) in [(256, section), (258, Array(section.dropLast())), (258, [1, 2, 3])] {
      let plan = try plan(vocabulary: vocabulary, tokenizer: tokenizer)
      #expect {
        try TextGenerator(plan: plan)
      } throws: {
        ($0 as? GenerationError)?.exitCode == 65
      }
    }
  }
}
