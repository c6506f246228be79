import ArgumentParser
import CompilerDriver
import Diagnostics
import Generation
import PlanRuntime
import Tokenization

/// The command `quamba run`.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Generates text with a plan, or with a model directory in float32.",
    discussion: "Greedy unless a temperature is given. Stops at the end-of-text token unless --ignore-eos.")

  @Argument(help: "A plan file, or a model directory.")
  var path: String

  @Option(help: "Text to continue.")
  var prompt: String?

  @Option(help: "Token ids to continue, as 1,2,3; ids are printed then.")
  var ids: String?

  @Option(name: .short, help: "Largest number of tokens to generate.")
  var n = 128

  @Option(help: "0 is greedy; higher is more random.")
  var temperature = 0.0

  @Option(help: "Sample among the K most likely tokens.")
  var topK: Int?

  @Option(help: "Sample among the most likely tokens that make up this probability.")
  var topP: Double?

  @Option(help: "Seed of the sampling.")
  var seed: UInt64 = 0

  @Flag(name: .customLong("ignore-eos"), help: "Go on after the end-of-text token.")
  var ignoresEnd = false

  @OptionGroup var tokenizer: TokenizerOptions
  @OptionGroup var capacity: ContextCapacityOptions
  @OptionGroup var threads: ThreadOptions

  func validate() throws {
    guard (prompt == nil) != (ids == nil) else { throw ValidationError("give either --prompt or --ids") }
    guard (0...GenerationRequest.largestTokenLimit).contains(n) else {
      throw ValidationError("-n is \(n); it must be from 0 to \(GenerationRequest.largestTokenLimit)")
    }
    guard sampling.isValid else {
      throw ValidationError(
        "--temperature must be at least 0, --top-k at least 1, --top-p above 0 and at most 1")
    }
  }

  private var sampling: SamplingOptions {
    SamplingOptions(temperature: temperature, topK: topK, topP: topP, seed: seed)
  }

  func run() throws {
    let source = try PlanOrModel(path, tokenizer: tokenizer.tokenizer, threads: threads.count)
    Console.report(source.findings)
    do {
      let prompt = try promptIDs(source.plan, source.tokenizer)
      let request = GenerationRequest(
        prompt: prompt, tokenLimit: n, ignoresEnd: ignoresEnd, sampling: sampling)
      let generator = try TextGenerator(
        plan: source.plan, tokenizer: source.tokenizer,
        options: ContextOptions(
          contextCapacity: capacity.context ?? request.longestSequence, threads: threads.count))
      if let text = self.prompt { Console.stream(text) }
      var isFirst = true
      let statistics = try generator.generate(request) { id, text in
        if ids == nil {
          Console.stream(text)
        } else if let id {
          Console.stream((isFirst ? "" : ",") + "\(id)")
          isFirst = false
        }
        return true
      }
      Console.stream("\n")
      Console.error(account(statistics))
    } catch let error as GenerationError {
      throw error.failure
    }
  }

  private func promptIDs(_ plan: Plan, _ tokenizer: Tokenizer?) throws -> [UInt32] {
    guard let ids else { return try TextGenerator.encode(prompt ?? "", for: plan, tokenizer: tokenizer) }
    return try ids.split(separator: ",", omittingEmptySubsequences: false).map { piece in
      guard let id = UInt32(piece) else {
        throw DiagnosticFailure(
          .badOption, "'\(piece)' is not a token id", at: .option("--ids"), hint: "give ids as 1,2,3")
      }
      return id
    }
  }

  private func account(_ statistics: GenerationStatistics) -> String {
    func rate(_ tokens: Int, _ seconds: Double) -> String {
      seconds > 0 ? FixedPoint.text(Double(tokens) / seconds, digits: 1) : "-"
    }
    return
      "\(statistics.promptTokens) prompt tokens (\(rate(statistics.promptTokens, statistics.promptSeconds)) a second), "
      + "\(statistics.generatedTokens) generated (\(rate(statistics.generatedTokens, statistics.generationSeconds)) a second)"
  }
}

extension GenerationError {
  /// The error as a finding; its exit status is the same for `quamba` and `quamba-run`.
  var failure: DiagnosticFailure {
    switch self {
    case .context(let error): error.failure
    case .call: DiagnosticFailure(.badText, "\(self)", at: .option("--ids"), hint: "give ids of the model")
    case .length:
      DiagnosticFailure(
        .badOption, "\(self)", at: .option("--context"), hint: "give a larger one, or a smaller -n")
    case .emptyPrompt: DiagnosticFailure(.badText, "\(self)", hint: "give at least one token")
    case .noTokenizer:
      DiagnosticFailure(
        .missingFile, "\(self)", at: .option("--prompt"), hint: "give one by --tokenizer, or use --ids")
    case .tokenizer, .vocabulary:
      DiagnosticFailure(.badPlan, "\(self)", hint: "the file is damaged; compile again")
    }
  }
}
