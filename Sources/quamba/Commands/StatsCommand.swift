import ArgumentParser
import Calibration
import CompilerDriver
import Files

/// The command `quamba stats`.
struct StatsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats", abstract: "Merges and shows statistics by 'quamba calibrate'.",
    subcommands: [Merge.self, Show.self])

  struct Merge: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Merges the statistics of parts of one calibration.",
      discussion: """
        Parts are made by 'quamba calibrate --part 1/4' and so on, on any machines. Any split and any order gives the \
        same bytes as one run. Parts of another model, text or size, and passages that are counted twice, are refused.
        Not all parts need be there: the result says what it lacks, and can be merged on. 'compile' refuses it.
        """)

    @Argument(help: "Statistics files (.qstats).")
    var parts: [String]

    @Option(name: .shortAndLong, help: "The statistics file to write.")
    var output: String

    func run() throws {
      let file = try OutputFile(output, shouldStop: Interruption.shouldStop)
      let statistics = try StatisticsMerge.run(parts)
      try file.write(Array(statistics.text.utf8))
      try file.publish()
      Console.report(statistics.findings)
      Console.print("\(output): \(statistics.account)")
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows what statistics hold, tensors with the largest outliers first.",
      discussion: """
        The ratio is the largest channel's maximum over the median channel's. Percentiles and the clip of least squared \
        error are those of |x|, where a histogram was taken.
        """)

    @Argument(help: "A statistics file (.qstats).")
    var statistics: String

    @Option(help: "Only tensors of this name; * and ? are wildcards, as in 'layers.*.mixer.u'.")
    var tensor: String?

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
      let summary = try StatisticsSummary(path: statistics, pattern: tensor)
      Console.report(summary.statistics.findings)
      if json {
        Console.print(summary.json)
      } else {
        Console.print("\(statistics): \(summary.statistics.account)\n\(Self.table(summary.taps))")
        let experts = summary.statistics.expertCoverage
        if !experts.isEmpty { Console.print("\nexperts\n\(Self.table(experts))") }
      }
    }
  }
}

extension StatsCommand.Show {
  private static func table(_ taps: [TapSummary]) -> String {
    let hasPercentiles = taps.contains { $0.percentiles != nil }
    let titles = ["tensor", "count", "maximum", "median", "ratio"]
    var table = TextTable(
      titles + (hasPercentiles ? TapSummary.percents.map { "\($0.0) %" } + ["least error"] : []))
    for tap in taps {
      let ratio = tap.outlierRatio.map { $0.isFinite ? FixedPoint.text($0, digits: 1) : "∞" } ?? "–"
      let clips = (tap.percentiles ?? []) + [tap.leastErrorClip].compactMap { $0 }
      table.append(
        [tap.name, "\(tap.count)", number(Double(tap.maximum)), number(tap.medianChannel), ratio]
          + clips.map { number(Double($0)) })
    }
    return table.text
  }

  private static func table(_ experts: [ExpertCoverage]) -> String {
    var table = TextTable(["expert", "tokens"])
    for expert in experts { table.append([expert.expert, "\(expert.tokens)"]) }
    return table.text
  }

  /// Four digits after the point, more for small numbers.
  private static func number(_ value: Double) -> String {
    FixedPoint.text(value, digits: value == 0 || value >= 0.1 ? 4 : value >= 0.0001 ? 7 : 12)
  }
}

extension Statistics {
  /// How much was seen, for a line of results.
  var account: String {
    let part = isComplete ? "" : " of \(bindings.sampleCount)"
    return "\(taps.count) tensors over \(passages.count)\(part) passage(s)"
  }
}
