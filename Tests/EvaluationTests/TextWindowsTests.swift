import Evaluation
import Testing

@Suite struct TextWindowsTests {
  @Test(arguments: [(5, 4, 1), (8, 4, 1), (9, 4, 2), (12, 4, 2), (13, 4, 3), (2, 1, 1)])
  func theTailIsDropped(_ tokens: Int, _ length: Int, _ count: Int) throws {
    let text = (0..<tokens).map { UInt32($0) }
    let windows = try TextWindows(tokens: text, length: length)
    #expect(windows.count == count)
    #expect(windows.tokensScored == count * length)
    for window in 0..<count {
      let first = UInt32(window * length)
      #expect(Array(windows.inputs(of: window)) == Array(first..<first + UInt32(length)))
      #expect(Array(windows.targets(of: window)) == Array(first + 1...first + UInt32(length)))
    }
  }

  @Test func onlyTheLaterPartIsScored() throws {
    let text = [UInt32](repeating: 0, count: 100)
    #expect(try TextWindows(tokens: text, length: 10, scoreFrom: 5).tokensScored == 45)
    #expect(try TextWindows(tokens: text, length: 10, scoreFrom: 5, limit: 2).tokensScored == 10)
  }

  @Test(arguments: [
    (0, 4, 0, "the text has 0 tokens, one window of 4 takes 4 and the token after them"),
    (4, 4, 0, "the text has 4 tokens, one window of 4 takes 4 and the token after them"),
    (9, 0, 0, "a window has 0 tokens, it must have 1 at least"),
    (9, 4, 4, "scoring starts at position 4 of windows of 4 tokens"),
    (9, 4, -1, "scoring starts at position -1 of windows of 4 tokens"),
  ]) func whatCannotBeScoredIsRefused(_ tokens: Int, _ length: Int, _ from: Int, _ message: String) {
    let error = #expect(throws: EvaluationError.self) {
      _ = try TextWindows(tokens: Array(repeating: 0, count: tokens), length: length, scoreFrom: from)
    }
    #expect(error?.description == message)
  }
}

@Suite struct EstimateTests {
  @Test func standardErrorOfKnownNumbers() {
    // Variance 2.5 of five numbers.
    let estimate = Estimate(blocks: [1, 2, 3, 4, 5])
    #expect(estimate.value == 3)
    #expect(estimate.standardError == (2.5 / 5).squareRoot())
    #expect(Estimate(blocks: [7]).standardError == .infinity)
  }

  @Test func theGateTakesTwoStandardErrors() {
    let estimate = Estimate(value: 0.5, standardError: 0.25)
    #expect(estimate.upperBound == 1)
    #expect(estimate.isWithin(1))
    #expect(!estimate.isWithin(0.999))
    #expect(!Estimate(value: .nan, standardError: 0).isWithin(1))
    #expect(!Estimate(value: 0, standardError: .infinity).isWithin(1))
  }
}
