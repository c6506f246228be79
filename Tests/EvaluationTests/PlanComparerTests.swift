import Evaluation
import PlanRuntime
import Testing

/// Comparisons with plans that no compiler wrote.
@Suite(.serialized) struct PlanComparerTests {
  private func compare(_ plan: Plan, with reference: Plan) throws -> PlanComparison {
    try PlanComparer.compare(
      plan, with: reference, on: try TextWindows(tokens: PairOfPlans.text(40), length: 8), threads: 1)
  }

  @Test func everyTensorHasACounterpart() throws {
    let comparison = try compare(PairOfPlans.make(seed: 1), with: PairOfPlans.make(seed: 2))
    #expect(comparison.taps.map(\.name) == ["e", "u", "h", "logits"] && comparison.unmatched.isEmpty)
  }

  /// Which of the tensors would be meant is not known.
  @Test func aNameOfTwoWidthsIsNoCounterpart() throws {
    for seed in 1...8 as ClosedRange<UInt64> {
      let reference = try PairOfPlans.make(seed: seed, logitsName: "u")
      let comparison = try compare(PairOfPlans.make(seed: 1), with: reference)
      #expect(comparison.taps.map(\.name) == ["e", "h"] && comparison.unmatched == ["logits", "u"])
    }
  }

  @Test(
    arguments: [
      ([1, 1, 12], "outlier channel 2: 12x the median"),
      ([3e38, .leastNonzeroMagnitude, .leastNonzeroMagnitude], "outlier channel 0: 2.1"),
      ([1e19, 1, 1], "outlier channel 0: 9.99"),
    ] as [([Float], String)]) func outliersOfAnySizeAreNamed(_ row: [Float], _ text: String) throws
  {
    var profile = MagnitudeProfile(width: row.count)
    row.withUnsafeBufferPointer { profile.add($0) }
    #expect(try #require(profile.outlier).text.hasPrefix(text))
  }
}
