import Generation
import PlanFormat
import PlanRuntime
import Testing

@Suite(.serialized)
struct GenerationTests {
  private func generator(_ kind: MadePlan.Kind, _ options: ContextOptions) throws -> TextGenerator {
    try TextGenerator(plan: Plan(bytes: MadePlan.bytes(kind)), options: options)
  }

  private func tokens(_ generator: TextGenerator, _ request: GenerationRequest) throws -> ([UInt32], String) {
    var tokens: [UInt32] = []
    let statistics = try generator.generate(request) { token, text in
      #expect(text.isEmpty)
      if let token { tokens.append(token) }
      return true
    }
    #expect(statistics.promptTokens == request.prompt.count && statistics.generatedTokens == tokens.count)
    return (tokens, statistics.logitsDigest.text)
  }

  @Test(arguments: [
    SamplingOptions(), SamplingOptions(temperature: 0.9, seed: 3),
    SamplingOptions(temperature: 1.5, topK: 5, topP: 0.9, seed: 4),
  ])
  func theSameTokensHoweverItRuns(_ sampling: SamplingOptions) throws {
    let request = GenerationRequest(prompt: [1, 2, 3, 4, 5, 6, 7], tokenLimit: 24, sampling: sampling)
    let scalar = ContextOptions(threads: 1, instructionSet: .scalar)
    let expected = try tokens(generator(.int8, scalar), request)
    #expect(expected.0.count == 24)
    for threads in [1, 2] {
      for capacity in [1, 3, 512] {
        let generator = try generator(.int8, ContextOptions(rowCapacity: capacity, threads: threads))
        #expect(try tokens(generator, request) == expected)
        #expect(try tokens(generator, request) == expected)
      }
    }
  }

  @Test
  func itStopsWhenTold() throws {
    let generator = try generator(.float, ContextOptions(threads: 1))
    var count = 0
    let request = GenerationRequest(prompt: [1], tokenLimit: 100)
    let statistics = try generator.generate(request) { _, _ in
      count += 1
      return count < 3
    }
    #expect(statistics.generatedTokens == 3)
    #expect(try tokens(generator, GenerationRequest(prompt: [1], tokenLimit: 0)).0.isEmpty)
  }

  @Test
  func wrongPromptsAreRefused() throws {
    let generator = try generator(.float, ContextOptions(threads: 1))
    #expect(throws: GenerationError.self) { try generator.encode("text") }
    #expect(throws: GenerationError.self) {
      try generator.generate(GenerationRequest(prompt: [], tokenLimit: 1)) { _, _ in true }
    }
    #expect(throws: GenerationError.self) {
      try generator.generate(GenerationRequest(prompt: [37], tokenLimit: 1)) { _, _ in true }
    }
  }
}

@Suite
struct SamplerTests {
  private func counts(_ options: SamplingOptions, _ logits: [Float], draws: Int = 4000) -> [Int] {
    var sampler = Sampler(options)
    var counts = Array(repeating: 0, count: logits.count)
    for _ in 0..<draws { counts[Int(logits.withUnsafeBufferPointer { sampler.next($0) })] += 1 }
    return counts
  }

  @Test
  func greedyTakesTheLowestOfTheBest() {
    #expect(counts(SamplingOptions(), [1, 3, 2, 3], draws: 2) == [0, 2, 0, 0])
    #expect(counts(SamplingOptions(), [-.infinity, -.infinity], draws: 1) == [1, 0])
  }

  @Test
  func drawsFollowTheProbabilities() {
    let counts = counts(SamplingOptions(temperature: 1, seed: 9), [0, 0.6931472, 1.3862944], draws: 7000)
    for (count, expected) in zip(counts, [1000, 2000, 4000]) { #expect(abs(count - expected) < 150) }
    let cold = self.counts(SamplingOptions(temperature: 0.1, seed: 9), [0, 1, 2])
    #expect(cold[2] > 3950)
  }

  @Test
  func topKAndTopPCutTheTail() {
    let logits: [Float] = [1, 2, 3, 3, 0]
    let two = counts(SamplingOptions(temperature: 5, topK: 2), logits)
    #expect(two[2] > 1500 && two[3] > 1500 && two[2] + two[3] == 4000)
    #expect(counts(SamplingOptions(temperature: 5, topK: 1), logits)[2] == 4000)
    #expect(counts(SamplingOptions(temperature: 1, topP: 0.001), logits)[2] == 4000)
    #expect(counts(SamplingOptions(temperature: 1, topP: 1), logits).allSatisfy { $0 > 0 })
  }

  @Test
  func theSeedDecides() {
    let logits = (0..<50).map { Float($0 % 7) }
    let options = SamplingOptions(temperature: 1, seed: 1)
    #expect(counts(options, logits) == counts(options, logits))
    #expect(counts(options, logits) != counts(SamplingOptions(temperature: 1, seed: 2), logits))
  }

  @Test
  func optionsOutOfRangeAreKnown() {
    #expect(SamplingOptions(temperature: 1, topK: 1, topP: 1).isValid)
    #expect(!SamplingOptions(temperature: -1).isValid && !SamplingOptions(temperature: .nan).isValid)
    #expect(!SamplingOptions(topK: 0).isValid && !SamplingOptions(topP: 0).isValid)
    #expect(!SamplingOptions(topP: 1.1).isValid && !SamplingOptions(topP: .nan).isValid)
  }
}
