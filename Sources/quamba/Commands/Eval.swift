import ArgumentParser
import CompilerDriver
import Diagnostics
import Evaluation
import PlanRuntime
import Tokenization

/// The command `quamba eval`.
struct Eval: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures perplexity over a text, and the loss against a baseline.",
    discussion: """
      The text is encoded once, without special tokens, and cut into windows that do not overlap; each window starts \
      from a zero state. With --baseline every token is scored by both, so that differences are paired.
      A gate passes when the value plus two standard errors is within the target; otherwise the exit status is 1.
      """)

  @Argument(help: "A plan file, or a model directory (in float32).")
  var path: String

  @Option(help: "The text to score: .txt, or .jsonl with a field \"text\" (or \"ids\").")
  var text: String

  @Option(help: "A plan file or model directory to compare with.")
  var baseline: String?

  @Option(help: "Tokens of a window.")
  var window = 512

  @Option(help: "Score only this many windows, from the start.")
  var windows: Int?

  @Option(help: "Score only the tokens of each window from this position on.")
  var scoreFrom = 0

  @Flag(help: "Put the beginning-of-text token before the text.")
  var bos = false

  @Option(name: .customLong("max-kl"), help: "Gate: largest mean KL divergence from the baseline.")
  var largestDivergence: Double?

  @Option(help: "Gate: largest increase of perplexity over the baseline, in percent.")
  var maxIncrease: Double?

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var threads: ThreadOptions
  @OptionGroup var progress: ProgressOptions

  func validate() throws {
    if baseline == nil && (largestDivergence != nil || maxIncrease != nil) {
      throw ValidationError("--max-kl and --max-increase need --baseline")
    }
    guard window >= 1 else { throw ValidationError("--window must be at least 1") }
    guard (windows ?? 1) >= 1 else { throw ValidationError("--windows must be at least 1") }
    guard (0..<window).contains(scoreFrom) else {
      throw ValidationError("--score-from must be from 0 to \(window - 1), within a window")
    }
  }

  func run() throws {
    let source = try PlanOrModel(path, threads: threads.count)
    let reference = try baseline.map { try PlanOrModel($0, threads: threads.count) }
    Console.report(source.findings + (reference?.findings ?? []))
    if let reference { try checkTokenizers(source.plan, reference.plan) }
    let tokens = try tokens(of: source)
    Interruption.listen()
    let reporter = ProgressReporter(progress.progress, task: "eval")
    do {
      let score = try TextScorer.score(
        source.plan,
        on: try TextWindows(tokens: tokens, length: window, scoreFrom: scoreFrom, limit: windows),
        baseline: reference?.plan, threads: threads.count, progress: reporter.show,
        shouldStop: { Interruption.isRequested })
      if json { Console.print(score.json) } else { Console.print(summary(score)) }
      try checkGates(score)
    } catch EvaluationError.stopped(let done) {
      throw DiagnosticFailure(.interrupted, "the evaluation was stopped after \(done) windows")
    } catch EvaluationError.plan(let error) {
      throw error.failure
    } catch let error as EvaluationError {
      throw DiagnosticFailure(.badText, "\(error)", hint: hint(error))
    }
  }

  /// Ids mean the same to both plans only where the tokenizers are the same.
  private func checkTokenizers(_ plan: Plan, _ baseline: Plan) throws {
    let sections = [plan.tokenizerSection, baseline.tokenizerSection]
    guard sections.allSatisfy({ !$0.isEmpty }) else { return }
    guard sections[0].elementsEqual(sections[1]) else {
      throw DiagnosticFailure(
        .badOption, "the baseline has another tokenizer", at: .option("--baseline"),
        hint: "compare plans of the same model")
    }
  }

  private func tokens(of source: PlanOrModel) throws -> [UInt32] {
    let tokens = try source.tokens(try TextInput(path: text))
    guard bos else { return tokens }
    guard let first = try source.requireTokenizer().tables.policy.beginningID else {
      throw DiagnosticFailure(
        .badOption, "the tokenizer has no beginning-of-text token", at: .option("--bos"),
        hint: "leave out --bos")
    }
    return [first] + tokens
  }

  private func hint(_ error: EvaluationError) -> String? {
    switch error {
    case .noWholeWindow: "give a longer text, or a smaller --window"
    case .vocabularies: "the baseline must have the same tokenizer"
    default: nil
    }
  }

  private func summary(_ score: TextScore) -> String {
    var lines = [
      "tokens      \(score.tokens) scored in \(score.windows) windows of \(score.windowLength)",
      "perplexity  \(FixedPoint.text(score.perplexity, digits: 4))",
    ]
    if let paired = score.paired {
      func percent(_ value: Double) -> String {
        value.isFinite ? FixedPoint.text(value * 100, digits: 3) + " %" : "unknown"
      }
      func plain(_ value: Double) -> String { value.isFinite ? FixedPoint.text(value, digits: 6) : "unknown" }
      lines += [
        "baseline    \(FixedPoint.text(paired.baselinePerplexity, digits: 4))",
        "increase    \(percent(paired.increase.value)) ± \(percent(paired.increase.standardError))",
        "KL          \(plain(paired.divergence.value)) ± \(plain(paired.divergence.standardError))",
        "top token   the same for \(percent(paired.topTokenAgreement))",
      ]
    }
    return lines.joined(separator: "\n")
  }

  private func checkGates(_ score: TextScore) throws {
    guard let paired = score.paired else { return }
    var findings: [Diagnostic] = []
    if let limit = largestDivergence, !paired.divergence.isWithin(limit) {
      findings.append(
        Diagnostic(
          .gateFailed,
          "KL plus two standard errors is \(paired.divergence.upperBound), the limit is \(limit)",
          at: .option("--max-kl")))
    }
    if let limit = maxIncrease, !paired.increase.isWithin(limit / 100) {
      findings.append(
        Diagnostic(
          .gateFailed,
          "the increase plus two standard errors is \(FixedPoint.text(paired.increase.upperBound * 100, digits: 4)) %, the limit is \(limit) %",
          at: .option("--max-increase")))
    }
    if !findings.isEmpty { throw DiagnosticFailure(findings) }
  }
}
