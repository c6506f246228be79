import Evaluation
import JSONText
import Testing

@Suite struct QuantilesTests {
  @Test func betweenNeighboursItIsInterpolated() {
    let quantiles = Quantiles([4, 1, 3, 2], percents: [0, 50, 90, 99.9, 100])
    #expect(quantiles.entries.map(\.percent) == [100, 99.9, 90, 50, 0])
    #expect(quantiles[100] == 4 && quantiles[50] == 2.5 && quantiles[0] == 1)
    #expect(abs((quantiles[90] ?? 0) - 3.7) < 1e-12)
    #expect(quantiles[42] == nil)
    guard case .object(let object) = quantiles.json else {
      Issue.record("no object")
      return
    }
    #expect(object.names == ["maximum", "99.9", "90", "median", "minimum"])
  }

  @Test func oneValueIsAllOfThem() {
    #expect(Quantiles([7], percents: [0, 33, 100]).entries.allSatisfy { $0.value == 7 })
  }
}
