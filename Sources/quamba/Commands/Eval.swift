import ArgumentParser
import CompilerDriver
import Diagnostics
import Evaluation
import JSONText

/// The command `quamba eval`.
struct Eval: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures perplexity over texts, answers to tasks, and the loss of both against a baseline.",
    discussion: """
      A text is encoded once, without special tokens, and cut into windows that do not overlap; each window starts \
      from a zero state. With --baseline every token is scored by both, so that differences are paired; KLD, Δp and \
      'Same top p' mean what they mean in llama-perplexity.
      A line of a task file is {"context": …, "choices": […], "answer": N}, or for the last word \
      {"context": …, "target": …} or {"text": …}.
      A gate passes when the value plus two standard errors is within the target, for every text; otherwise the exit \
      status is 1.
      """)

  @Argument(help: "A plan file, or a model directory (in float32).")
  var path: String

  @Option(
    help: "A text to score: .txt, or .jsonl with a field \"text\" (or \"ids\"); can be given several times.")
  var text: [String] = []

  @Option(help: "A task to answer: .jsonl; can be given several times.")
  var tasks: [String] = []

  @Option(help: "What to compare with: a plan file, a model directory, or a stored baseline.")
  var baseline: String?

  @Option(
    help: ArgumentHelp(
      "Store what the baseline computes for the texts, or PATH's own without --baseline.", valueName: "file"))
  var saveBaseline: String?

  @Option(help: "Tokens of a window.")
  var window = 512

  @Option(help: "Score only this many windows of a text, from the start.")
  var windows: Int?

  @Option(help: "Score only the tokens of each window from this position on.")
  var scoreFrom = 0

  @Flag(help: "Put the beginning-of-text token before every text and every context of a task.")
  var bos = false

  @Flag(help: "Show KLD by position in the window too.")
  var positions = false

  @Flag(help: "Count 8-bit codes at ±127 and −128, by kind of tensor and position; takes some time.")
  var saturation = false

  @Option(name: .customLong("max-kl"), help: "Gate: largest mean KL divergence from the baseline.")
  var largestDivergence: Double?

  @Option(help: "Gate: largest increase of perplexity over the baseline, in percent.")
  var maxIncrease: Double?

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var tokenizer: TokenizerOptions
  @OptionGroup var capacity: ContextCapacityOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var progress: ProgressOptions

  func validate() throws {
    guard !(text + tasks).isEmpty else { throw ValidationError("give --text or --tasks") }
    if (baseline == nil || text.isEmpty) && (largestDivergence != nil || maxIncrease != nil) {
      throw ValidationError("--max-kl and --max-increase need --text and --baseline")
    }
    if saveBaseline != nil && text.isEmpty { throw ValidationError("--save-baseline needs --text") }
    guard window >= 1 else { throw ValidationError("--window must be at least 1") }
    guard (windows ?? 1) >= 1 else { throw ValidationError("--windows must be at least 1") }
    guard (0..<window).contains(scoreFrom) else {
      throw ValidationError("--score-from must be from 0 to \(window - 1), within a window")
    }
  }

  func run() throws {
    let run = try EvalRun(self)
    let scores = try run.scoreTexts()
    let answers = try run.answerTasks()
    if json {
      Console.print(document(scores, answers))
    } else {
      Console.print(summary(scores, answers))
    }
    try checkGates(scores)
  }

  private func document(_ scores: [TextScore], _ answers: [[TaskScore]]) -> JSONValue {
    .object([
      (
        "texts",
        .array(
          zip(text, scores).map { file, score in
            .object([("file", .string(file)), ("score", score.json)])
          })
      ),
      (
        "tasks",
        .array(
          zip(tasks, answers).map { file, scores in
            .object([("file", .string(file)), ("scores", .array(scores.map(\.json)))])
          })
      ),
    ])
  }

  private func checkGates(_ scores: [TextScore]) throws {
    var findings: [Diagnostic] = []
    for (file, paired) in zip(text, scores.map(\.paired)) {
      guard let paired else { continue }
      if let limit = largestDivergence, !paired.divergence.isWithin(limit) {
        findings.append(
          Diagnostic(
            .gateFailed,
            "\(file): KL plus two standard errors is \(paired.divergence.upperBound), the limit is \(limit)",
            at: .option("--max-kl")))
      }
      if let limit = maxIncrease, !paired.increase.isWithin(limit / 100) {
        let found = FixedPoint.text(paired.increase.upperBound * 100, digits: 4)
        findings.append(
          Diagnostic(
            .gateFailed,
            "\(file): the increase plus two standard errors is \(found) %, the limit is \(limit) %",
            at: .option("--max-increase")))
      }
    }
    if !findings.isEmpty { throw DiagnosticFailure(findings) }
  }
}
