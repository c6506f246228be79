import Calibration
import PlanFormat
import PlanRuntime
import Testing

@Suite(.serialized) struct CalibratorTests {
  static let bindings = Bindings(
    digests: ["model": String(repeating: "a", count: 64), "text": String(repeating: "0", count: 64)],
    sequenceLength: 70, sampleCount: 6)

  static func passages() -> [Passage] {
    TinyPlan.passages(6, length: 70).enumerated().map { Passage(index: $0, tokens: $1) }
  }

  static func run(
    _ passages: [Passage], percentileTaps: Set<String> = ["u"], threads: Int = 2
  ) throws -> Statistics {
    try Calibrator.run(
      plan: TinyPlan.make(), passages: passages, bindings: bindings, percentileTaps: percentileTaps,
      threads: threads)
  }

  /// What plain loops see of the same tensors, each passage one call and the head one row at a time.
  private struct Expected {
    var count: UInt64 = 0
    var channels: [Float]
    var bins: [UInt32: UInt64] = [:]
  }

  private static func loop(_ passages: [Passage]) throws -> [String: Expected] {
    let plan = try TinyPlan.make()
    let context = try Context(plan: plan, options: ContextOptions(threads: 1))
    var taps: [String: Expected] = [:]
    let see: (TapEvent) -> Void = { event in
      let instruction = plan.view.instruction(event.instruction)
      let name = plan.view.string(instruction.name) == "sum" ? "sum" : event.name
      var tap = taps[name] ?? Expected(channels: Array(repeating: 0, count: event.width))
      for row in 0..<event.rows {
        for (channel, value) in event.floats(row: row).enumerated() {
          tap.count += 1
          tap.channels[channel] = max(tap.channels[channel], abs(value))
          tap.bins[abs(value).bitPattern >> 14, default: 0] += 1
        }
      }
      taps[name] = tap
    }
    for passage in passages {
      try context.reset(slot: 0)
      try context.run(
        tokens: passage.tokens, segments: [Segment(slot: 0, count: passage.tokens.count)], tap: see)
      for row in passage.tokens.indices { _ = try context.logits(rows: [row], tap: see) }
    }
    return taps
  }

  @Test func everyTensorIsObserved() throws {
    let expected = try Self.loop(Self.passages())
    let statistics = try Self.run(Self.passages())
    #expect(statistics.taps.map(\.name) == ["chosen", "logits", "n", "normed", "r", "sum", "u", "x"])
    #expect(Set(statistics.taps.map(\.name)) == Set(expected.keys))
    for tap in statistics.taps {
      let seen = try #require(expected[tap.name])
      #expect(tap.count == seen.count)
      #expect(tap.channels == seen.channels)
      #expect(tap.maximum == seen.channels.max())
      #expect((tap.histogram != nil) == (tap.name == "u"))
    }
    // The sum is not the embedding, though both are in one buffer.
    #expect(statistics["sum"]?.channels != statistics["r"]?.channels)
    #expect(statistics["sum"]?.channels == statistics["chosen"]?.channels)
    #expect(statistics["nothing"] == nil)
  }

  @Test func theHistogramCountsEveryElement() throws {
    let expected = try #require(try Self.loop(Self.passages())["u"])
    let histogram = try #require(try Self.run(Self.passages())["u"]?.histogram)
    #expect(histogram.count == expected.count)
    var seen: UInt64 = 0
    for (bin, count) in expected.bins.sorted(by: { $0.key < $1.key }).dropLast() {
      seen += count
      let percent = Double(seen) / Double(expected.count) * 100 - 1e-6
      #expect(histogram.percentile(percent) == Float(bitPattern: (bin + 1) << 14))
    }
  }

  @Test func threadsAndOrderDoNotMatter() throws {
    let one = try Self.run(Self.passages(), threads: 1).text
    #expect(try Self.run(Self.passages(), threads: 2).text == one)
    #expect(try Self.run(Self.passages(), threads: 3).text == one)
    #expect(try Self.run(Self.passages().reversed()).text == one)
  }

  @Test func progressAndStop() throws {
    var reported: [Int] = []
    let plan = try TinyPlan.make()
    let error = #expect(throws: CalibrationError.self) {
      _ = try Calibrator.run(
        plan: plan, passages: Self.passages(), bindings: Self.bindings, threads: 1,
        progress: { done, total in
          #expect(total == 6)
          reported.append(done)
        }, shouldStop: { reported.count == 2 })
    }
    #expect(reported == [1, 2])
    #expect(error?.description == "stopped after 2 passages")
  }

  @Test func wrongInputIsRefusedByName() throws {
    func refusal(_ plan: Plan, _ passages: [Passage], taps: Set<String> = []) -> String? {
      #expect(throws: CalibrationError.self) {
        _ = try Calibrator.run(
          plan: plan, passages: passages, bindings: Self.bindings, percentileTaps: taps, threads: 1)
      }?.description
    }
    let plan = try TinyPlan.make()
    let passages = Self.passages()
    #expect(refusal(plan, []) == "there are no passages to calibrate with")
    #expect(refusal(plan, [Passage(index: 3, tokens: [])]) == "passage 3 has no tokens")
    #expect(refusal(plan, [passages[1], passages[1]]) == "passage 1 is given twice")
    #expect(
      refusal(plan, [Passage(index: 4, tokens: Array(repeating: 0, count: 71))])
        == "passage 4 has 71 tokens, the limit is 70")
    #expect(
      refusal(plan, [Passage(index: 6, tokens: [1])]) == "passage 6 is none of the 6 of the calibration")
    #expect(
      refusal(plan, passages, taps: ["u", "w", "v"]) == "the plan computes no tensor named v, w")
    #expect(
      refusal(plan, [Passage(index: 5, tokens: [1, 40])])
        == "passage 5: row 1: token 40 is not below the vocabulary (40)")
    #expect(
      refusal(try TinyPlan.make(scale: .infinity), passages)
        == "chosen holds a NaN or an infinity in passage 0")
    #expect(
      refusal(try TinyPlan.make(duplicate: "r"), passages) == "two tensors named r have widths 20 and 24")
  }

  @Test func samplesAreSpreadOverTheText() {
    let text = (0..<103).map { UInt32($0) }
    let sample = Passage.sample(from: text, length: 10, count: 4)
    #expect(sample.map(\.tokens.first) == [0, 20, 50, 70])
    #expect(sample.map(\.index) == [0, 1, 2, 3])
    #expect(sample.allSatisfy { $0.tokens.count == 10 })
    #expect(Passage.sample(from: text, length: 10, count: 50).count == 10)
    #expect(Passage.sample(from: text, length: 104, count: 2).isEmpty)
  }
}
