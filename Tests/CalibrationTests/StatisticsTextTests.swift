import Calibration
import Foundation
import JSONText
import Testing

/// Statistics written by hand.
enum StatisticsText {
  static let tap = tap([0.5, 1])

  /// A tap of these channels; `bins` are pairs of a bin and its count.
  static func tap(
    _ channels: [Float], count: Int? = nil, bins: [(index: UInt64, count: UInt64)]? = nil,
    name: String = "tap"
  ) -> String {
    let histogram = bins.map { #","histogram":"\#(packed($0))""# } ?? ""
    return
      #"{"name":"\#(name)","count":\#(count ?? channels.count),"channel_maxima":"\#(packed(channels))"\#(histogram)}"#
  }

  /// Base64 of little-endian float32.
  static func packed(_ floats: [Float]) -> String {
    floats.reduce(into: Data()) { data, float in
      withUnsafeBytes(of: float.bitPattern.littleEndian) { data.append(contentsOf: $0) }
    }.base64EncodedString()
  }

  /// Base64 of bins: the gap before each, and its count less 1.
  static func packed(_ bins: [(index: UInt64, count: UInt64)]) -> String {
    var data = Data()
    var next: UInt64 = 0
    for bin in bins {
      data += sevens(bin.index &- next) + sevens(bin.count &- 1)
      next = bin.index + 1
    }
    return data.base64EncodedString()
  }

  private static func sevens(_ number: UInt64) -> [UInt8] {
    number < 128 ? [UInt8(number)] : [UInt8(number % 128) + 128] + sevens(number / 128)
  }

  static func digest(_ digit: String) -> String { String(repeating: digit, count: 64) }

  static func make(passage: Int = 1, taps: String = tap) -> String {
    """
    {"format":"quamba-statistics","version":2,"bindings":{"digests":{"model":"\(digest("a"))"},\
    "sequence_length":4,"sample_count":3},"passages":[{"index":\(passage),"sha256":"\(digest("\(passage)"))"}],\
    "taps":[\(taps)]}

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
    (#""AAAAPwAAgD8=""#, packed([0.5, -1]), "$.taps[0].channel_maxima"),
    (#""AAAAPwAAgD8=""#, packed([0.5, -0.0]), "$.taps[0].channel_maxima"),
    (#""AAAAPwAAgD8=""#, packed([0.5, .infinity]), "$.taps[0].channel_maxima"),
    (#""AAAAPwAAgD8=""#, packed([.nan, 1]), "$.taps[0].channel_maxima"),
    (#""AAAAPwAAgD8=""#, packed([]), "$.taps[0].channel_maxima"),
    (#""AAAAPwAAgD8=""#, packed([0.5, 1, 1]), "$.taps[0].count"),
    (#""AAAAPwAAgD8=""#, #"[0.5,1.0]"#, "$.taps[0].channel_maxima"),
    ("AAAAPwAAgD8=", "AAAAPwAAgD8", "$.taps[0].channel_maxima"),
    ("AAAAPwAAgD8=", "AAAAPwAAgD9=", "$.taps[0].channel_maxima"),
    ("AAAAPwAAgD8=", "AAAAPwAAgD==", "$.taps[0].channel_maxima"),
    ("AAAAPwAAgD8=", "AAAAPwAAgA==", "$.taps[0].channel_maxima"),
    ("AAAAPwAAgD8=", "AAAAPwAA gD8=", "$.taps[0].channel_maxima"),
    ("AAAAPwAAgD8=", "AAAAPwAA=D8=", "$.taps[0].channel_maxima"),
    ("AAAAPwAAgD8=", "AAAAPwAAgD-_", "$.taps[0].channel_maxima"),
    ("AAAAPwAAgD8=", "====", "$.taps[0].channel_maxima"),
    (#""name":"tap""#, #""name":"t\u001b[2J""#, "$.taps[0].name"),
    (#""name":"tap""#, #""name":"t\u0085""#, "$.taps[0].name"),
    (#""count":2"#, #""count":-2"#, "$.taps[0].count"),
    (#""count":2"#, #""count":2.0"#, "$.taps[0].count"),
    (#""count":2"#, #""count":0"#, "$.taps[0].count"),
    (#""count":2,"#, "", "$.taps[0]"),
    (#""count":2"#, #""count":2,"mean":0.1"#, "$.taps[0]"),
    (#""count":2"#, #""count":2,"histogram":[[65024,2]]"#, "$.taps[0].histogram"),
    (#""count":2"#, #""count":2,"histogram":\#(packed(bins: [(7, 1)]))"#, "$.taps[0].histogram"),
    (#""count":2"#, #""count":2,"histogram":\#(packed(bins: [(7, 2)]))"#, "$.taps[0].histogram"),
    (#""count":2"#, #""count":2,"histogram":\#(packed(bins: [(65024, 3)]))"#, "$.taps[0].histogram"),
    (#""count":2"#, #""count":2,"histogram":\#(packed(bins: [(130560, 2)]))"#, "$.taps[0].histogram"),
    (
      #""count":2"#, #""count":2,"histogram":\#(packed(bins: [(7, 1 << 63), (65024, 1)]))"#,
      "$.taps[0].histogram"
    ),
    (#""count":2"#, #""count":2,"histogram":"AA==""#, "$.taps[0].histogram"),  // a bin without a count
    (#""count":2"#, #""count":2,"histogram":"gPwDgQA=""#, "$.taps[0].histogram"),  // 1 in two bytes
    (#""count":2"#, #""count":2,"histogram":"////////////AQA=""#, "$.taps[0].histogram"),  // above 63 bits
    (#""sample_count":3"#, #""sample_count":0"#, "$.bindings.sample_count"),
    (#""sample_count":3"#, #""sample_count":1"#, "$.passages[0].index"),
    (#""model":"a"#, #""model":"A"#, "$.bindings.digests.model"),
    (#""sha256":"1"#, #""sha256":"g"#, "$.passages[0].sha256"),
    (#""index":1"#, #""index":-1"#, "$.passages[0].index"),
    (#""index":1,"#, "", "$.passages[0]"),
    (#"}],"taps""#, #"},{"index":1,"sha256":"\#(StatisticsText.digest("2"))"}],"taps""#, "$.passages[1]"),
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

  private static func packed(_ floats: [Float]) -> String { "\"\(StatisticsText.packed(floats))\"" }

  private static func packed(bins: [(index: UInt64, count: UInt64)]) -> String {
    "\"\(StatisticsText.packed(bins))\""
  }

  @Test func histogramsOfTheRightSumAreRead() throws {
    let tap = StatisticsText.tap([0.5, 1], count: 1002, bins: [(0, 1), (7, 1), (64512, 999), (65024, 1)])
    let read = try StatisticsText.parse(StatisticsText.make(taps: tap))
    #expect(read.taps[0].histogram?.count == 1002)
    #expect(read.taps[0].histogram?.percentile(100) == 1)
    #expect(read.taps[0].channels == [0.5, 1])
    #expect(read.text == StatisticsText.make(taps: tap))
  }

  /// Lengths that leave every remainder of base64's groups.
  @Test(arguments: 1...9) func channelsOfEveryLengthReadBack(_ width: Int) throws {
    var noise = Noise(state: UInt64(width))
    let channels = noise.floats(width, scale: 3).map { abs($0) }
    let text = StatisticsText.make(taps: StatisticsText.tap(channels))
    #expect(try StatisticsText.parse(text).taps[0].channels == channels)
    #expect(try StatisticsText.parse(text).text == text)
  }

  @Test func missingPassagesAreListed() throws {
    let text = { (passage: Int) in StatisticsText.make(passage: passage) }
    #expect(try StatisticsText.parse(text(0)).missingPassages == [1..<3])
    let middle = try StatisticsText.parse(text(1))
    #expect(middle.missingPassages == [0..<1, 2..<3] && !middle.isComplete)
    let both = try middle.merging(try StatisticsText.parse(text(0)))
    #expect(both.missingPassages == [2..<3])
    let all = try both.merging(try StatisticsText.parse(text(2)))
    #expect(all.missingPassages.isEmpty && all.isComplete)
  }

  @Test func otherVersionsAreNamed() throws {
    let text = StatisticsText.make().split(separator: #""version":2"#)
    for version: Int64 in [1, 3] {
      #expect(throws: StatisticsError.version(found: version, supported: 2)) {
        _ = try StatisticsText.parse(text[0] + #""version":\#(version),"news":[]"# + text[1])
      }
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
    let tap = StatisticsText.tap([0.5, 1], count: 4, bins: [(7, 1), (64512, 2), (65024, 1)])
    let bytes = Array(StatisticsText.make(taps: tap).utf8)
    for place in bytes.indices {
      for byte in "0-.e9\"[]{},xA/=".utf8 + [0, 0xFF] where byte != bytes[place] {
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
