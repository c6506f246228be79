import Calibration
import JSONText
import Testing

/// Statistics written by hand.
enum StatisticsText {
  static let tap = #"{"name":"tap","count":2,"channel_maxima":[0.5,1.0]}"#

  static let tapWithHistogram =
    #"{"name":"tap","count":4,"channel_maxima":[0.5,1.0],"histogram":[[7,1],[64512,2],[65024,1]]}"#

  static func digest(_ digit: String) -> String { String(repeating: digit, count: 64) }

  static func make(passage: String = "1", taps: String = tap) -> String {
    """
    {"format":"quamba-statistics","version":1,"bindings":{"digests":{"model":"\(digest("a"))"},\
    "sequence_length":4,"sample_count":3},"passages":["\(digest(passage))"],"taps":[\(taps)]}

    """
  }

  static func parse(_ text: String) throws -> Statistics { try Statistics(parsing: Array(text.utf8)) }
}

@Suite(.serialized) struct StatisticsTextTests {
  @Test func textReadsBackAsItself() throws {
    let statistics = try CalibratorTests.run(CalibratorTests.passages())
    let read = try StatisticsText.parse(statistics.text)
    #expect(read == statistics)
    #expect(read.text == statistics.text)
    #expect(try StatisticsText.parse(StatisticsText.make()).text == StatisticsText.make())
  }

  @Test(arguments: [
    (#""channel_maxima":[0.5,1.0]"#, #""channel_maxima":[0.5,-1.0]"#, "$.taps[0].channel_maxima[1]"),
    (#""channel_maxima":[0.5,1.0]"#, #""channel_maxima":[0.5,-0.0]"#, "$.taps[0].channel_maxima[1]"),
    (#""channel_maxima":[0.5,1.0]"#, #""channel_maxima":[0.5,0.1]"#, "$.taps[0].channel_maxima[1]"),
    (#""channel_maxima":[0.5,1.0]"#, #""channel_maxima":[0.5,1e300]"#, "$.taps[0].channel_maxima[1]"),
    (#""channel_maxima":[0.5,1.0]"#, #""channel_maxima":[0.5,NaN]"#, "$.taps[0].channel_maxima[1]"),
    (#""channel_maxima":[0.5,1.0]"#, #""channel_maxima":["0.5",1.0]"#, "$.taps[0].channel_maxima[0]"),
    (#""channel_maxima":[0.5,1.0]"#, #""channel_maxima":[]"#, "$.taps[0].channel_maxima"),
    (#""channel_maxima":[0.5,1.0]"#, #""channel_maxima":[0.5,1.0,1.0]"#, "$.taps[0].count"),
    (#""count":2"#, #""count":-2"#, "$.taps[0].count"),
    (#""count":2"#, #""count":2.0"#, "$.taps[0].count"),
    (#""count":2"#, #""count":0"#, "$.taps[0].count"),
    (#""count":2,"#, "", "$.taps[0]"),
    (#""count":2"#, #""count":2,"mean":0.1"#, "$.taps[0]"),
    (#""count":2"#, #""count":2,"histogram":[[65024,2],[7,1]]"#, "$.taps[0].histogram[1]"),
    (#""count":2"#, #""count":2,"histogram":[[7,1]]"#, "$.taps[0].histogram"),
    (#""count":2"#, #""count":2,"histogram":[[7,2]]"#, "$.taps[0].histogram"),
    (#""count":2"#, #""count":2,"histogram":[[7,3]]"#, "$.taps[0].histogram[0]"),
    (#""count":2"#, #""count":2,"histogram":[[7,1,1]]"#, "$.taps[0].histogram[0]"),
    (#""count":2"#, #""count":2,"histogram":[[130560,2]]"#, "$.taps[0].histogram[0][0]"),
    (#""count":2"#, #""count":2,"histogram":[[7,0]]"#, "$.taps[0].histogram[0][1]"),
    (#""sample_count":3"#, #""sample_count":0"#, "$.bindings.sample_count"),
    (#""model":"a"#, #""model":"A"#, "$.bindings.digests.model"),
    (#""passages":["1"#, #""passages":["g"#, "$.passages[0]"),
    (#"quamba-statistics"#, #"statistics"#, "$"),
    (#""taps":["#, #""more":[],"taps":["#, "$"),
    (#"}]}"#, "},\(StatisticsText.tap)]}", "$.taps[1]"),
  ]) func whatIsWrongIsNamed(_ change: (from: String, to: String, path: String)) throws {
    let text = StatisticsText.make()
    let pieces = text.split(separator: change.from, maxSplits: 1, omittingEmptySubsequences: false)
    try #require(pieces.count == 2)
    let error = #expect(throws: StatisticsError.self) {
      _ = try StatisticsText.parse(pieces[0] + change.to + pieces[1])
    }
    guard case .json(let json) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(json.path == change.path, "\(json)")
  }

  @Test func histogramsOfTheRightSumAreRead() throws {
    let text = StatisticsText.make().split(separator: #""count":2"#)
    let read = try StatisticsText.parse(text[0] + #""count":2,"histogram":[[7,1],[65024,1]]"# + text[1])
    #expect(read.taps[0].histogram?.count == 2)
    #expect(read.taps[0].histogram?.percentile(100) == 1)
  }

  @Test func otherVersionsAreNamed() throws {
    let text = StatisticsText.make().split(separator: #""version":1"#)
    #expect(throws: StatisticsError.version(found: 2, supported: 1)) {
      _ = try StatisticsText.parse(text[0] + #""version":2,"news":[]"# + text[1])
    }
  }

  @Test func everyTruncationIsRefused() {
    let bytes = Array(StatisticsText.make().utf8)
    for length in 0..<bytes.count - 2 {
      #expect(throws: StatisticsError.self) { _ = try Statistics(parsing: Array(bytes[..<length])) }
    }
  }

  /// Whatever is read is written as it is read, and nothing crashes.
  @Test func everyChangedByteIsRefusedOrHarmless() {
    let bytes = Array(StatisticsText.make(taps: StatisticsText.tapWithHistogram).utf8)
    for place in bytes.indices {
      for byte in "0-.e9\"[]{},x".utf8 + [0, 0xFF] where byte != bytes[place] {
        var changed = bytes
        changed[place] = byte
        guard let read = try? Statistics(parsing: changed) else { continue }
        #expect((try? StatisticsText.parse(read.text)) == read)
        for histogram in read.taps.compactMap(\.histogram) {
          #expect(histogram.percentile(50) <= histogram.maximum)
          #expect(histogram.leastErrorClip() <= histogram.maximum)
        }
      }
    }
  }
}
