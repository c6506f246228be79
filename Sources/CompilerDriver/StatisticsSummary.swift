public import Calibration
public import Diagnostics
public import JSONText
import Passes

/// What a statistics file holds, tensors with the largest outliers first.
public struct StatisticsSummary {
  /// The statistics.
  public let statistics: Statistics
  /// Summaries of the tensors that were asked for, worst first.
  public let taps: [TapSummary]

  /// Reads a statistics file.
  /// - Parameter pattern: the tensors wanted, with `*` and `?` as wildcards; nil for all.
  /// - Throws: `DiagnosticFailure`, also where no tensor is as `pattern`.
  public init(path: String, pattern: String? = nil) throws(DiagnosticFailure) {
    statistics = try Statistics(path: path)
    var glob: Glob?
    if let pattern {
      glob = Glob(pattern)
      guard glob != nil else {
        throw DiagnosticFailure(
          .badOption, "'\(pattern)' is no pattern", at: .option("--tensor"), hint: Glob.form)
      }
    }
    let wanted = statistics.taps.filter { tap in glob.map { $0.matches(tap.name) } ?? true }
    if let pattern, wanted.isEmpty {
      throw DiagnosticFailure(
        .badOption, "no tensor is named as '\(pattern)'", at: .option("--tensor"),
        hint: statistics.taps.first.map { "names are as \($0.name)" })
    }
    taps = wanted.map(TapSummary.init).sorted { $0.isWorse(than: $1) }
  }

  /// The summary as JSON (`Schemas/stats-show.schema.json`).
  public var json: JSONValue {
    let bindings = statistics.bindings
    return .object([
      (
        "digests",
        .object(bindings.digests.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
      ),
      ("sequence_length", .integer(Int64(bindings.sequenceLength))),
      ("passages", .integer(Int64(statistics.passages.count))),
      ("sample_count", .integer(Int64(bindings.sampleCount))),
      (
        "missing_passages",
        .array(
          statistics.missingPassages.map {
            [.integer(Int64($0.lowerBound)), .integer(Int64($0.upperBound - 1))]
          })
      ),
      ("taps", .array(taps.map(\.json))),
      (
        "experts",
        .array(
          statistics.expertCoverage.map {
            .object([("name", .string($0.expert)), ("tokens", .integer(Int64($0.tokens)))])
          })
      ),
      ("findings", .array(statistics.findings.map { .string($0.description) })),
    ])
  }
}

extension TapSummary {
  fileprivate var json: JSONValue {
    var members: [(String, JSONValue)] = [
      ("name", .string(name)), ("count", .integer(Int64(count))), ("channels", .integer(Int64(width))),
      ("maximum", .number(Double(maximum))), ("median_channel", .number(medianChannel)),
      ("zero_channels", .integer(Int64(zeroChannels))),
      ("outlier_ratio", outlierRatio.flatMap { $0.isFinite ? .number($0) : nil } ?? .null),
    ]
    if let percentiles {
      let pairs = zip(Self.percents, percentiles).map { ($0.0, JSONValue.number(Double($1))) }
      members.append(("percentiles", .object(pairs)))
    }
    if let leastErrorClip { members.append(("least_error_clip", .number(Double(leastErrorClip)))) }
    return .object(members)
  }
}
