import ArgumentParser
import Calibration
import CompilerDriver
import Diagnostics
import Evaluation
import Files
import JSONText
import Passes
import Sensitivity

/// The command `quamba analyze`.
struct AnalyzeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "analyze",
    abstract: "Measures what each layer and each kind of tensor costs when it is quantized.",
    discussion: """
      For every group of tensors two plans are compiled and held against the float model: one with nothing but the \
      group quantized, and one with nothing but the group in float. The worst come first, and what is worth keeping \
      float stands below as options for 'quamba compile'. Where the recipe gives weights four bits, a plan for each of them \
      tells what these cost in place of eight, for 'quamba compile --budget'. Weights are rounded to nearest whatever the \
      recipe says.
      """)

  @Argument(help: "A Hugging Face model directory.")
  var model: String

  @Option(help: "The text to measure on: .txt, or .jsonl with a field \"text\" (or \"ids\").")
  var text: String

  @Option(help: "Statistics by 'quamba calibrate'; calibrates on the built-in text when absent.")
  var stats: String?

  @Option(help: "Tokens of a window.")
  var window = 512

  @Option(help: "Windows to measure on, from the start of the text.")
  var windows = 8

  @Option(help: "File to write the figures into as JSON, for 'quamba report --analysis'.")
  var save: String?

  @Flag(help: "Print the figures as JSON.")
  var json = false

  @OptionGroup var tokenizer: TokenizerOptions
  @OptionGroup var recipe: RecipeOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var progress: ProgressOptions

  func validate() throws {
    guard (1...65_536).contains(window) else { throw ValidationError("--window must be from 1 to 65536") }
    guard windows >= 1 else { throw ValidationError("--windows must be at least 1") }
  }

  func run() throws {
    let recipe = try recipe.resolved()
    guard recipe.isQuantized else {
      throw DiagnosticFailure(
        .badOption, "the recipe quantizes nothing", at: .option("--recipe"), hint: "name one that does")
    }
    let file = try save.map { try OutputFile($0, shouldStop: Interruption.shouldStop) }
    let model = try LoadedModel(
      directory: model, tokenizer: tokenizer.tokenizer, checksValues: true,
      shouldStop: Interruption.shouldStop)
    Console.report(model.findings)
    let calibration = try CalibrationRun(model, recipe: recipe)
    let statistics = try statistics(calibration)
    let (windows, digest) = try textWindows(model)
    let run = try SensitivityRun(
      model, recipe: recipe, statistics: statistics, windows: windows, threads: threads.count)
    Console.report(run.findings)
    let reporter = ProgressReporter(progress.progress, task: "analyze")
    let result = try run.run(progress: reporter.show, shouldStop: Interruption.shouldStop)
    let digests = try calibration.digests().merging(["text": digest, "statistics": statistics.digest]) { $1 }
    let document = result.json([
      ("digests", .object(digests.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })),
      ("recipe", try JSONText.parse(recipe.jsonText)),
    ])
    if let file {
      try file.write(Array((JSONText.encode(document, pretty: true) + "\n").utf8))
      try file.publish()
    }
    if json { Console.print(document) } else { Console.print(summary(result)) }
  }

  private func statistics(_ calibration: CalibrationRun) throws -> Statistics {
    if let stats { return try calibration.readStatistics(stats) }
    if let caution = calibration.caution(text: nil) { Console.report([caution]) }
    let reporter = ProgressReporter(progress.progress, task: "calibrate")
    return try calibration.run(
      text: nil, size: CalibrationText.Size(), threads: threads.count, progress: reporter.show,
      shouldStop: Interruption.shouldStop)
  }

  private func textWindows(_ model: LoadedModel) throws -> (windows: TextWindows, digest: String) {
    let input = try TextInput(path: text)
    let tokens = try model.tokens(input)
    do throws(EvaluationError) {
      return (
        try TextWindows(tokens: tokens, length: window, limit: windows), input.digest
      )
    } catch {
      throw DiagnosticFailure(
        .badText, "\(error)", at: .file(text), hint: "give a longer text, or a smaller --window")
    }
  }
}

extension AnalyzeCommand {
  private func summary(_ result: Sensitivity) -> String {
    let head = """
      KL \(kl(result.whole)) by the whole recipe, over \(result.tokens) tokens in \(result.windows) windows; plan \
      \(ByteCount.text(result.byteCount))
      """
    let tables = [TensorGroup.Kind.layer, .tensors].map { kind in
      table(kind == .layer ? "layer" : "tensors", result.groups.filter { $0.group.kind == kind })
    }
    let keep = result.keepPatterns.map { "--keep '\($0)'" }.joined(separator: " ")
    let bits = result.fourBits.map(bits) ?? []
    let advice =
      keep.isEmpty ? "no group stands out: nothing is worth keeping float" : "to halve the KL: \(keep)"
    return ([head] + tables + bits + [advice]).joined(separator: "\n\n")
  }

  private func table(_ title: String, _ groups: [Sensitivity.Group]) -> String {
    var table = TextTable([title, "only quantized", "±", "gained in float", "±", "plan grows by"])
    let worst = groups.sorted {
      ($1.onlyQuantized.value, $0.group.name) < ($0.onlyQuantized.value, $1.group.name)
    }
    for group in worst {
      let size = (group.bytes < 0 ? "-" : "") + ByteCount.text(abs(group.bytes))
      table.append(
        [group.group.name, number(group.onlyQuantized.value), number(group.onlyQuantized.standardError)]
          + [number(group.gain.value), number(group.gain.standardError), size])
    }
    return table.text
  }

  /// What four bits cost single weights, the worst first.
  private func bits(_ costs: FourBitCosts) -> [String] {
    var table = TextTable(["four bits for", "KL", "±", "cost", "±", "plan shrinks by"])
    let worst = costs.weights.sorted {
      ($1.cost.value, $0.pattern.text) < ($0.cost.value, $1.pattern.text)
    }
    for weight in worst {
      table.append(
        [weight.pattern.text, number(weight.divergence.value), number(weight.divergence.standardError)]
          + [
            number(weight.cost.value), number(weight.cost.standardError),
            ByteCount.text(max(weight.bytes, 0)),
          ])
    }
    return ["KL \(kl(costs.without)) without a weight of four bits", table.text]
  }

  private func kl(_ estimate: Estimate) -> String {
    "\(number(estimate.value)) ± \(number(estimate.standardError))"
  }

  private func number(_ value: Double) -> String {
    value.isFinite ? FixedPoint.text(value, digits: 6) : "unknown"
  }
}
