import Calibration
import Foundation
import Testing

@Suite(.serialized) struct HistogramTests {
  /// The largest of values that a histogram counts as equal, and the histogram of the values.
  private static func histogram(of values: [Float]) throws -> Histogram {
    var bins: [UInt32: Int] = [:]
    for value in values { bins[value.bitPattern >> 14, default: 0] += 1 }
    let pairs = bins.sorted { $0.key < $1.key }.map { (index: UInt64($0.key), count: UInt64($0.value)) }
    let maximum = try #require(values.max())
    let text = StatisticsText.make(taps: StatisticsText.tap([maximum], count: values.count, bins: pairs))
    return try #require(try StatisticsText.parse(text).taps[0].histogram)
  }

  /// Values with a few far out, as activations have them.
  private static func values(_ count: Int, outliers: Int) -> [Float] {
    var noise = Noise(state: 5)
    let inliers = (0..<count).map { _ in abs(noise.floats(12, scale: 0.5).reduce(0, +)) }
    return inliers + (0..<outliers).map { _ in 8 + abs(noise.floats(1, scale: 4)[0]) }
  }

  @Test(arguments: [0.01, 10, 50, 90, 99, 99.9, 99.99, 99.999])
  func percentilesAreWithinABinOfTheValues(_ percent: Double) throws {
    let values = Self.values(4990, outliers: 10).sorted()
    let histogram = try Self.histogram(of: values)
    // Percentages of 5,000 in thousandths: exact in integers.
    let rank = (Int((percent * 1000).rounded()) * values.count + 99_999) / 100_000
    let exact = values[rank - 1]
    let edge = Float(bitPattern: ((exact.bitPattern >> 14) + 1) << 14)
    #expect(histogram.percentile(percent) == min(edge, values[values.count - 1]))
    #expect(histogram.percentile(percent) >= exact)
  }

  @Test func decimalPercentagesAreExact() throws {
    // 99.9 percent of 1,000 are the 999 small ones, though 99.9 / 100 * 1000 is above 999 in binary.
    let histogram = try Self.histogram(of: Array(repeating: 1, count: 999) + [50])
    #expect(histogram.percentile(99.9) < 1.01)
    #expect(histogram.percentile(99.90001) == 50)
  }

  @Test func nothingIsAboveTheMaximum() throws {
    let histogram = try Self.histogram(of: [0.25, 0.5, 0.7500001])
    #expect(histogram.percentile(100) == 0.7500001)
    #expect(histogram.percentile(99) == 0.7500001)
    let largest = try Self.histogram(of: [1, .greatestFiniteMagnitude])
    #expect(largest.percentile(99) == .greatestFiniteMagnitude)
    #expect(largest.leastErrorClip() > 0.99 * .greatestFiniteMagnitude)
    let zeros = try Self.histogram(of: [0, 0])
    #expect((zeros.percentile(99), zeros.percentile(100), zeros.leastErrorClip()) == (0, 0, 0))
  }

  /// The expected squared error over the values themselves.
  private static func error(_ values: [Float], clip: Double) -> Double {
    values.reduce(0) { sum, value in
      let (excess, step) = (Double(value) - clip, clip / 127)
      return sum + (excess > 0 ? excess * excess : step * step / 12)
    }
  }

  @Test(arguments: [0, 1, 3, 20, 400]) func theClipHasTheLeastError(_ outliers: Int) throws {
    let values = Self.values(20_000, outliers: outliers)
    let clip = Double(try Self.histogram(of: values).leastErrorClip())
    let maximum = Double(try #require(values.max()))
    let best = (1...4000).map { Self.error(values, clip: maximum * Double($0) / 4000) }.min() ?? 0
    #expect(clip <= maximum)
    // Magnitudes are known to a bin, which is 0.2 percent wide at most.
    #expect(Self.error(values, clip: clip) <= best * 1.001)
  }

  @Test func theClipMayLieBetweenTheValues() throws {
    let values = [Float](repeating: 1, count: 1000) + [100]
    let clip = Double(try Self.histogram(of: values).leastErrorClip())
    // The error's slope is zero where clip · 1000 / (6 · 127²) = 2 · (100 − clip).
    let exact = 200 / (2 + 1000 / (6.0 * 127 * 127))
    #expect(abs(clip / exact - 1) < 0.003)
  }

  /// The clip of least error among the upper edges of all bins, one after the other.
  private static func clip(tryingAll values: [Float]) -> Float {
    let bins = Dictionary(grouping: values.filter { $0.bitPattern >> 14 > 0 }) { $0.bitPattern >> 14 }
      .mapValues { Double($0.count) }.sorted { $0.key < $1.key }
    let edges = bins[0].key..<bins[bins.count - 1].key
    func middle(_ bin: UInt32) -> Double { Double(Float(bitPattern: bin << 14 + 1 << 13)) }
    var best = (clip: values.max() ?? 0, error: Double.infinity)
    var clips = edges.map { Float(bitPattern: ($0 + 1) << 14) }
    clips.insert(best.clip, at: 0)
    for clip in clips {
      let step = Double(clip) / 127
      let error = bins.reduce(0.0) { sum, bin in
        let excess = middle(bin.key) - Double(clip)
        let isOutside = clip < clips[0] && Float(bitPattern: bin.key << 14) >= clip
        return sum + bin.value * (isOutside ? excess * excess : step * step / 12)
      }
      if error < best.error * (1 - 1e-12) { best = (clip, error) }
    }
    return best.clip
  }

  @Test func noEdgeIsBetter() throws {
    var noise = Noise(state: 9)
    for spread in [0.5, 2, 8, 20] as [Float] {
      for count in [2, 3, 10, 40] {
        let values = noise.floats(count, scale: spread).map { exp2($0) }
        let repeated = values.enumerated().flatMap { Array(repeating: $1, count: 1 + 7 * ($0 % 5)) }
        #expect(try Self.histogram(of: repeated).leastErrorClip() == Self.clip(tryingAll: repeated))
      }
    }
  }
}
