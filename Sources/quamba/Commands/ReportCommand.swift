import ArgumentParser
import Calibration
import CompilerDriver
import Diagnostics
import Files
import JSONText
import Passes
import PlanRuntime
import Report

/// The command `quamba report`.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract:
      "Writes an HTML page about a plan: what it costs, where the cost comes from, what it was made of.",
    discussion: """
      One file that loads nothing from elsewhere; the same inputs give the same bytes. What is not given is left out:
        quamba report model.qplan --stats model.qstats --eval eval.json -o report.html
      where eval.json is the output of 'quamba eval model.qplan --text FILE --baseline MODEL --json'.
      """)

  @Argument(help: "A plan file.")
  var plan: String

  @Option(name: .shortAndLong, help: "The page to write (.html).")
  var output: String

  @Option(help: "The statistics that the plan was compiled with, for ranges and histograms.")
  var stats: String?

  @Option(help: "A result of 'quamba eval --json', for the verdict and KL by position; may be repeated.")
  var eval: [String] = []

  @Option(help: "A result of 'quamba compare --json', for the noise of every tensor.")
  var compare: String?

  @Option(help: "What 'quamba analyze --save' has written, for the sensitivity of layers and tensors.")
  var analysis: String?

  @Option(
    name: .customLong("max-kl"), help: "Largest mean KL that the verdict calls good, in nats per token.")
  var largestDivergence: Double?

  @Option(help: "Largest increase of perplexity that the verdict calls good, in percent.")
  var maxIncrease: Double?

  func run() throws {
    let file = try OutputFile(output, shouldStop: Interruption.shouldStop)
    let plan = try PlanFile.load(plan)
    var report = Report(plan, name: Compile.name(self.plan))
    if let stats {
      let statistics = try Statistics(path: stats)
      try statistics.requireDigest(plan.metadata("digest.statistics"), path: stats)
      report.statistics = statistics
    }
    for path in eval {
      try Self.read(path, hint: "eval --json") { (json) throws(JSONError) in try report.add(evaluation: json)
      }
    }
    if let compare {
      try Self.read(compare, hint: "compare --json") { (json) throws(JSONError) in
        try report.add(comparison: json)
      }
    }
    if let analysis {
      try Self.read(analysis, hint: "analyze --save") { (json) throws(JSONError) in
        try report.add(analysis: json)
      }
    }
    report.limits = Report.Limits(divergence: largestDivergence, increase: maxIncrease.map { $0 / 100 })
    report.command = command(report)
    try file.write(Array(report.page.utf8))
    try file.publish()
    Console.print("\(output): \(ByteCount.text(report.page.utf8.count))")
  }

  /// What makes the plan again, as far as the plan tells.
  private func command(_ report: Report) -> String {
    let builtIn = report.recipeName.flatMap(Recipe.named).flatMap {
      $0.jsonText == report.recipeText ? $0 : nil
    }
    let words = [
      "quamba", "compile", "MODEL", "-o", Compile.name(plan), "--recipe", builtIn?.name ?? "recipe.json",
    ]
    let statistics = stats.map(CommandText.quoted) ?? "STATISTICS"
    return words.map(CommandText.quoted).joined(separator: " ") + " --stats \(statistics)"
  }

  /// Reads a result of another command.
  private static func read(_ path: String, hint source: String, _ take: (JSONValue) throws(JSONError) -> Void)
    throws
  {
    let bytes = try InputFile.read(path, limit: 64 << 20, allowsPipe: true)
    do throws(JSONError) {
      try take(try JSONText.parse(bytes))
    } catch {
      throw DiagnosticFailure(
        .badJSON, error.message, at: .json(file: path, path: error.path),
        hint: "give the result of 'quamba \(source)'")
    }
  }
}
