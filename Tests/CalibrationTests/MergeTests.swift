import Calibration
import Testing

@Suite(.serialized) struct MergeTests {
  @Test func anySplitInAnyOrderGivesTheSameBytes() throws {
    let passages = CalibratorTests.passages()
    let whole = try CalibratorTests.run(passages)
    for groups in [[0, 0, 0, 1, 1, 1], [0, 1, 2, 0, 1, 2], [0, 1, 2, 3, 4, 5], [1, 0, 0, 0, 0, 0]] {
      let parts = try Set(groups).sorted().map { group in
        try CalibratorTests.run(passages.filter { groups[$0.index] == group })
      }
      #expect(try Statistics.merge(parts).text == whole.text)
      #expect(try Statistics.merge(parts.reversed()).text == whole.text)
      let read = try parts.map { try Statistics(parsing: Array($0.text.utf8)) }
      #expect(try Statistics.merge(read) == whole)
    }
  }

  @Test func passagesAreCountedOnce() throws {
    let passages = CalibratorTests.passages()
    let (first, second) = (
      try CalibratorTests.run(Array(passages[..<3])), try CalibratorTests.run(Array(passages[2...]))
    )
    #expect(throws: StatisticsError.passages([2])) { _ = try first.merging(second) }
    #expect(Passage(index: 0, tokens: passages[1].tokens).digest != passages[1].digest)
  }

  @Test func otherBindingsAndTapsAreNamed() throws {
    let passages = CalibratorTests.passages()
    let first = try CalibratorTests.run([passages[0]])
    var bindings = CalibratorTests.bindings
    bindings.digests["model"] = String(repeating: "b", count: 64)
    bindings.digests["module"] = String(repeating: "c", count: 64)
    bindings.sampleCount = 7
    let other = try Calibrator.run(
      plan: TinyPlan.make(), passages: [passages[1]], bindings: bindings, percentileTaps: ["u"], threads: 1)
    #expect(throws: StatisticsError.bindings(["model", "module", "sample_count"])) {
      _ = try first.merging(other)
    }
    #expect(first.mismatch(with: bindings) == ["model", "module", "sample_count"])
    #expect(first.mismatch(with: ["text": String(repeating: "0", count: 64)]) == [])
    #expect(first.mismatch(with: ["module": "c", "model": "b"]) == ["model", "module"])

    let differing = try CalibratorTests.run([passages[1]], percentileTaps: ["x"])
    #expect(throws: StatisticsError.taps(["u", "x"])) { _ = try first.merging(differing) }
    #expect(throws: StatisticsError.nothingToMerge) { _ = try Statistics.merge([]) }
  }

  @Test func tapsOfOnePartOnlyAreNamed() throws {
    let first = try StatisticsText.parse(StatisticsText.make())
    let second = try StatisticsText.parse(
      StatisticsText.make(
        passage: 2, taps: StatisticsText.tap([0.5, 1], name: "other")))
    #expect(throws: StatisticsError.taps(["other", "tap"])) { _ = try first.merging(second) }
    let full = try StatisticsText.parse(
      StatisticsText.make(
        passage: 0, taps: StatisticsText.tap([0.5, 1], count: 9_223_372_036_854_775_806)))
    #expect(throws: StatisticsError.overflow(tap: "tap")) { _ = try first.merging(full) }
  }
}
