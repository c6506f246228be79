import Evaluation
import JSONText
import Testing

@Suite("Medians of repetitions")
struct SpreadTests {
  @Test(
    "An odd number has a middle, an even number the mean of two",
    arguments: [
      ([3.0], 3.0), ([5.0, 1.0, 3.0], 3.0), ([4.0, 1.0, 3.0, 2.0], 2.5), ([2.0, 2.0, 2.0, 9.0], 2.0),
    ])
  func median(_ values: [Double], _ median: Double) {
    let spread = Spread(values)
    #expect(spread.median == median)
    #expect(spread.minimum == values.min())
    #expect(spread.maximum == values.max())
  }

  @Test("JSON names the three numbers")
  func json() {
    #expect(Spread([1, 2, 6]).json == .object([("median", 2.0), ("minimum", 1.0), ("maximum", 6.0)]))
  }
}
