public import PlanRuntime
public import Tokenization

/// What to generate.
public struct GenerationRequest: Sendable {
  /// The most tokens that may be asked for.
  public static let largestTokenLimit = 1_000_000_000

  /// Token ids of the prompt, at least one.
  public var prompt: [UInt32]
  /// Tokens to generate at most, from 0 to `largestTokenLimit`.
  public var tokenLimit: Int
  /// Goes on after an end token.
  public var ignoresEnd: Bool
  /// How tokens are chosen.
  public var sampling: SamplingOptions

  /// Makes a request; what is not named is as in most uses.
  public init(
    prompt: [UInt32], tokenLimit: Int, ignoresEnd: Bool = false, sampling: SamplingOptions = SamplingOptions()
  ) {
    self.prompt = prompt
    self.tokenLimit = tokenLimit
    self.ignoresEnd = ignoresEnd
    self.sampling = sampling
  }

  /// Tokens that the sequence has at the end at most, at least 1; the last one generated is never run.
  public var longestSequence: Int {
    min(max(tokensNeeded, 1), ContextOptions.largestContextCapacity)
  }

  /// Tokens of context that are taken at most.
  var tokensNeeded: Int { prompt.count + min(max(tokenLimit, 1), Self.largestTokenLimit) - 1 }
}

/// What generating took.
public struct GenerationStatistics: Equatable, Sendable {
  /// Tokens of the prompt.
  public var promptTokens = 0
  /// Tokens generated, an end token among them.
  public var generatedTokens = 0
  /// Seconds until the logits after the prompt were there.
  public var promptSeconds = 0.0
  /// Seconds from then to the end.
  public var generationSeconds = 0.0
  /// A digest of every logit that was computed, in order: equal only for equal bits.
  public var logitsDigest = LogitsDigest()
}

/// Generates text with a plan: prompt, then token after token.
public final class TextGenerator {
  /// The tokenizer, or nil when there is none.
  public let tokenizer: Tokenizer?
  private let context: Context

  /// Makes a context for the plan and reads its tokenizer.
  ///
  /// - Parameter tokenizer: in place of the plan's; its ids are below the plan's vocabulary.
  /// - Throws: `GenerationError`.
  public init(
    plan: Plan, tokenizer: Tokenizer? = nil, options: ContextOptions = ContextOptions()
  ) throws(GenerationError) {
    if let tokenizer {
      self.tokenizer = tokenizer
    } else {
      self.tokenizer = try Self.tokenizer(of: plan)
    }
    do throws(ContextError) {
      context = try Context(plan: plan, options: options)
    } catch {
      throw .context(error)
    }
  }

  /// The tokenizer in a plan, or nil when it has none.
  ///
  /// - Throws: `GenerationError.tokenizer`, `GenerationError.vocabulary`.
  public static func tokenizer(of plan: Plan) throws(GenerationError) -> Tokenizer? {
    let section = plan.tokenizerSection
    guard !section.isEmpty else { return nil }
    let tables: TokenizerTables
    do throws(TokenizerSectionError) {
      tables = try TokenizerTables(section: section.bindMemory(to: UInt8.self).span)
    } catch {
      throw .tokenizer(error)
    }
    guard tables.vocabularySize <= plan.vocabulary else {
      throw .vocabulary(tokenizer: tables.vocabularySize, model: plan.vocabulary)
    }
    return Tokenizer(tables)
  }

  /// The token ids of a prompt, with what the model's policy puts before and after.
  ///
  /// - Throws: `GenerationError.noTokenizer`.
  public func encode(_ prompt: String) throws(GenerationError) -> [UInt32] {
    guard let tokenizer else { throw .noTokenizer }
    return tokenizer.encode(prompt, addSpecialTokens: true)
  }

  /// The token ids of a prompt for a plan, before there is a context for it.
  ///
  /// - Parameter tokenizer: in place of the plan's.
  /// - Throws: `GenerationError.noTokenizer`, `GenerationError.tokenizer`, `GenerationError.vocabulary`.
  public static func encode(
    _ prompt: String, for plan: Plan, tokenizer: Tokenizer? = nil
  ) throws(GenerationError) -> [UInt32] {
    guard let tokenizer = tokenizer == nil ? try Self.tokenizer(of: plan) : tokenizer else {
      throw .noTokenizer
    }
    return tokenizer.encode(prompt, addSpecialTokens: true)
  }

  /// Generates until the limit, or an end token.
  ///
  /// - Parameter emit: gets each token and the text that it completes (empty without a tokenizer), and at the
  ///   end nil and what an unfinished character leaves; an end token is not shown; false stops.
  /// - Throws: `GenerationError`.
  public func generate(
    _ request: GenerationRequest, emit: (_ token: UInt32?, _ text: String) -> Bool
  ) throws(GenerationError) -> GenerationStatistics {
    guard !request.prompt.isEmpty else { throw .emptyPrompt }
    let needed = request.tokensNeeded
    if context.keepsKeys, needed > context.options.contextCapacity {
      throw .length(needed: needed, capacity: context.options.contextCapacity)
    }
    do throws(CallError) {
      return try run(request, emit)
    } catch {
      throw .call(error)
    }
  }

  private func run(
    _ request: GenerationRequest, _ emit: (UInt32?, String) -> Bool
  ) throws(CallError) -> GenerationStatistics {
    var statistics = GenerationStatistics()
    statistics.promptTokens = request.prompt.count
    var decoder = tokenizer.map { StreamingDecoder($0, skipSpecial: true, startsText: false) }
    var sampler = Sampler(request.sampling)
    let ends = request.ignoresEnd ? [] : tokenizer?.tables.policy.endIDs ?? []
    let start = Clock.seconds
    try context.reset(slot: 0)
    var logits = try advance(by: request.prompt.span)
    let middle = Clock.seconds
    statistics.logitsDigest.update(logits[0])
    while statistics.generatedTokens < request.tokenLimit {
      let token = sampler.next(logits[0])
      statistics.generatedTokens += 1
      guard !ends.contains(token), emit(token, text(of: token, &decoder)) else { break }
      guard statistics.generatedTokens < request.tokenLimit else { break }
      logits = try advance(by: CollectionOfOne(token).span)
      statistics.logitsDigest.update(logits[0])
    }
    if let rest = decoder?.finish(), !rest.isEmpty { _ = emit(nil, rest) }
    statistics.promptSeconds = middle - start
    statistics.generationSeconds = Clock.seconds - middle
    return statistics
  }

  /// Runs more tokens of the sequence; the logits after the last.
  private func advance(by tokens: Span<UInt32>) throws(CallError) -> LogitRows {
    let last = try context.prefill(tokens)
    return try context.logits(rows: CollectionOfOne(last).span)
  }

  /// The text that a token completes; ids that the model has beyond the tokenizer's have none.
  private func text(of token: UInt32, _ decoder: inout StreamingDecoder?) -> String {
    guard let tokenizer, token < tokenizer.vocabularySize else { return "" }
    return decoder?.push(token) ?? ""
  }
}
