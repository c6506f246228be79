import Digests
import JSONText

extension Statistics {
  /// The content of a `.qstats` file: JSON, the same bytes for the same statistics.
  public var text: String { JSONText.encode(json) + "\n" }

  private var json: JSONValue {
    .object([
      (StatisticsKey.format, .string(StatisticsKey.formatName)),
      (StatisticsKey.version, .integer(Self.formatVersion)),
      (StatisticsKey.bindings, bindings.json),
      (StatisticsKey.passages, .array(passages.map(\.json))),
      (StatisticsKey.taps, .array(taps.map(\.json))),
    ])
  }
}

extension Bindings {
  fileprivate var json: JSONValue {
    .object([
      (
        StatisticsKey.digests, .object(digests.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
      ),
      (StatisticsKey.sequenceLength, .integer(Int64(sequenceLength))),
      (StatisticsKey.sampleCount, .integer(Int64(sampleCount))),
    ])
  }
}

extension CountedPassage {
  fileprivate var json: JSONValue {
    .object([
      (StatisticsKey.index, .integer(Int64(index))), (StatisticsKey.digest, .string(digest.hex)),
    ])
  }
}

extension TapStatistics {
  fileprivate var json: JSONValue {
    var members: [(String, JSONValue)] = [
      (StatisticsKey.name, .string(name)),
      (StatisticsKey.count, .integer(Int64(count))),
      (StatisticsKey.channels, .string(Packing.text(channels))),
    ]
    if let histogram {
      members.append((StatisticsKey.histogram, .string(Base64.encode(histogram.packedBins))))
    }
    return .object(members)
  }
}

/// Names of members in a `.qstats` file.
enum StatisticsKey {
  static let formatName = "quamba-statistics"
  static let format = "format"
  static let version = "version"
  static let bindings = "bindings"
  static let digests = "digests"
  static let sequenceLength = "sequence_length"
  static let sampleCount = "sample_count"
  static let passages = "passages"
  static let index = "index"
  static let digest = "sha256"
  static let taps = "taps"
  static let name = "name"
  static let count = "count"
  static let channels = "channel_maxima"
  static let histogram = "histogram"
}
