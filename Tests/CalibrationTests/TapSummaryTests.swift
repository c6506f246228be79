import Calibration
import Testing

@Suite struct TapSummaryTests {
  private static func summary(
    _ channels: [Float], count: Int? = nil, bins: [(index: UInt64, count: UInt64)]? = nil,
    name: String = "tap"
  ) throws -> TapSummary {
    let text = StatisticsText.make(
      taps: StatisticsText.tap(channels, count: count, bins: bins, name: name))
    return TapSummary(try #require(try StatisticsText.parse(text).taps.first))
  }

  @Test func outliersStandOutFromTheMedianChannel() throws {
    let odd = try Self.summary([2, 0.5, 100, 0, 4])
    #expect((odd.maximum, odd.medianChannel, odd.zeroChannels, odd.width) == (100, 2, 1, 5))
    #expect(odd.outlierRatio == 50)
    let even = try Self.summary([1, 2, 4, 16])
    #expect(even.medianChannel == 3 && even.outlierRatio == 16 / 3.0)
    #expect(try Self.summary([7]).outlierRatio == 1)
    #expect(odd.percentiles == nil && odd.leastErrorClip == nil)
  }

  @Test func nothingIsDividedByZero() throws {
    #expect(try Self.summary([0, 0, 3]).outlierRatio == .infinity)
    #expect(try Self.summary([0, 0]).outlierRatio == nil)
    let unseen = try Self.summary([0, 0, 0], count: 0, bins: [])
    #expect(unseen.outlierRatio == nil && unseen.percentiles == [0, 0, 0, 0] && unseen.leastErrorClip == 0)
  }

  @Test func percentilesAreTheHistograms() throws {
    let one = UInt64(Float(1).bitPattern >> 14)
    let hundred = UInt64(Float(100).bitPattern >> 14)
    let summary = try Self.summary([100], count: 10_000, bins: [(one, 9_995), (hundred, 5)])
    let edge = Float(bitPattern: UInt32(one + 1) << 14)
    #expect(summary.percentiles == [edge, edge, 100, 100])
    let clip = try #require(summary.leastErrorClip)
    #expect(clip > 1 && clip <= 100)
  }

  @Test func theWorstComesFirst() throws {
    let taps = [
      try Self.summary([0, 0], name: "zero"), try Self.summary([1, 1], name: "b"),
      try Self.summary([1], name: "a"),
      try Self.summary([1, 1, 9], name: "outlier"), try Self.summary([0, 0, 1], name: "infinite"),
    ]
    #expect(taps.sorted { $0.isWorse(than: $1) }.map(\.name) == ["infinite", "outlier", "a", "b", "zero"])
  }
}
