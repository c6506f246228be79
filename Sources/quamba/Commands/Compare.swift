import ArgumentParser
import CompilerDriver
import Diagnostics
import Evaluation
import PlanRuntime

/// The command `quamba compare`.
struct Compare: ParsableCommand {
  /// By what the tensors are sorted.
  enum Order: String, CaseIterable, ExpressibleByArgument {
    /// By the error of the instruction alone.
    case alone
    /// By the error as the plan runs.
    case accumulated
    /// As the plan computes them.
    case plan
  }

  static let configuration = CommandConfiguration(
    abstract: "Compares every tensor of a plan with the float model, to find where quantization costs.",
    discussion: """
      Each tensor's signal-to-quantization-noise ratio (SQNR), cosine and largest error are shown twice: accumulated, as \
      the plan runs, and for its instruction alone, which is fed with the float model's values as the plan would \
      quantize them. The worst come first, each with what would mend it.
      """)

  @Argument(help: "The model directory that the plan was compiled from, or a float plan.")
  var model: String

  @Argument(help: "The plan file.")
  var plan: String

  @Option(help: "The text to run both over: .txt, or .jsonl with a field \"text\" (or \"ids\").")
  var text: String

  @Option(help: "Tokens of a window.")
  var window = 512

  @Option(help: "Use this many windows of the text, from the start.")
  var windows = 4

  @Option(help: "Show this many tensors.")
  var top = 20

  @Option(
    help: "Sort by the error of the instruction alone, by the accumulated one, or as the plan computes them.")
  var sort = Order.alone

  @Flag(help: "Show the residual stream after every layer instead.")
  var layers = false

  @Flag(help: "Print JSON: every tensor.")
  var json = false

  @OptionGroup var tokenizer: TokenizerOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var progress: ProgressOptions

  func validate() throws {
    for (name, value) in [("--window", window), ("--windows", windows), ("--top", top)] where value < 1 {
      throw ValidationError("\(name) must be at least 1")
    }
  }

  func run() throws {
    let shouldStop = Interruption.shouldStop
    let source = try PlanOrModel(
      plan, tokenizer: tokenizer.tokenizer, threads: threads.count, shouldStop: shouldStop)
    Console.report(source.findings)
    let reference = try ComparisonReference(
      model, for: source.plan, threads: threads.count, shouldStop: shouldStop)
    Console.report(reference.findings)
    let tokens = try source.tokens(try TextInput(path: text))
    let reporter = ProgressReporter(progress.progress, task: "compare")
    let comparison = try EvaluationFailure.naming(text) {
      try PlanComparer.compare(
        source.plan, with: reference.plan,
        on: try TextWindows(tokens: tokens, length: window, limit: windows), threads: threads.count,
        progress: reporter.show, shouldStop: shouldStop)
    }
    if json {
      Console.print(comparison.json(ordered(comparison.taps)))
    } else {
      Console.print(layers ? layerTable(comparison) : table(comparison))
    }
  }

  private func ordered(_ taps: [TapComparison]) -> [TapComparison] {
    func noise(_ tap: TapComparison) -> Double {
      sort == .alone ? tap.alone.signalToNoise : tap.accumulated.signalToNoise
    }
    return sort == .plan
      ? taps : taps.sorted { (noise($0), $0.instruction) < (noise($1), $1.instruction) }
  }

  private func table(_ comparison: PlanComparison) -> String {
    var table = TextTable([
      "tensor", "type", "SQNR alone", "cosine", "largest error", "SQNR accumulated", "cosine",
      "largest error",
      "saturated",
    ])
    let shown = ordered(comparison.taps).prefix(top)
    for tap in shown {
      table.append(
        [tap.name, tap.type] + columns(tap.alone) + columns(tap.accumulated) + [
          tap.saturation.map { FixedPoint.text($0 * 100, digits: 3) + " %" } ?? ""
        ])
    }
    let hints = shown.compactMap { tap in tap.hint.map { "\(tap.name): \($0)" } }
    var parts = [table.text] + (hints.isEmpty ? [] : [hints.joined(separator: "\n")])
    if shown.count < comparison.taps.count {
      parts.append("\(comparison.taps.count - shown.count) more tensors (--top)")
    }
    if !comparison.unmatched.isEmpty {
      parts.append("not in the float model: \(comparison.unmatched.joined(separator: ", "))")
    }
    return parts.joined(separator: "\n\n")
  }

  private func layerTable(_ comparison: PlanComparison) -> String {
    var table = TextTable([
      "residual stream", "SQNR alone", "cosine", "largest error", "SQNR accumulated", "cosine",
      "largest error",
    ])
    for tap in comparison.taps where tap.name.hasSuffix(".residual") {
      table.append([tap.name] + columns(tap.alone) + columns(tap.accumulated))
    }
    return table.text
  }

  private func columns(_ error: TapError) -> [String] {
    let ratio = error.signalToNoise
    return [
      ratio.isFinite ? FixedPoint.text(ratio, digits: 1) + " dB" : "exact",
      FixedPoint.text(error.cosine, digits: 6), FixedPoint.text(error.largest, digits: 5),
    ]
  }
}
