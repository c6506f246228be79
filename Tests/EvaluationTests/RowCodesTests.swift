import Evaluation
import Testing

@Suite struct RowCodesTests {
  /// What comes back of logits, and the step.
  private func stored(_ logits: [Float]) -> (values: [Float], step: Float) {
    var codes = [UInt16](repeating: 0, count: logits.count)
    var values = [Float](repeating: .nan, count: logits.count)
    let step = logits.withUnsafeBufferPointer { logits in
      codes.withUnsafeMutableBufferPointer { RowCodes.encode(logits, into: $0) }
    }
    codes.withUnsafeBytes { codes in
      values.withUnsafeMutableBufferPointer { RowCodes.decode(codes, step: step, into: $0) }
    }
    return (values, step)
  }

  @Test func withinHalfAStep() {
    let logits = (0..<1000).map { Float(($0 * 7919) % 1000) * 0.031 - 12 }
    let (values, step) = stored(logits)
    let peak = logits.max() ?? 0
    #expect(step <= (peak - (logits.min() ?? 0)) / 65_535 * 1.0001)
    for (value, logit) in zip(values, logits) {
      #expect(abs(value - (logit - peak)) <= step * 0.5 + 1e-5)
    }
    #expect(values.max() == 0)
  }

  @Test func awkwardRows() {
    #expect(stored([3]).values == [0])
    #expect(stored([2, 2, 2]).values == [0, 0, 0])
    // What is too improbable to matter is stored as less improbable, and leaves the others their precision.
    let (values, step) = stored([0, -1, -1e30, -.greatestFiniteMagnitude])
    #expect(step <= 64.001 / 65_535)
    #expect(abs(values[1] + 1) <= step * 0.5 && values[2] < -63.9 && values[3] < -63.9)
    #expect(stored([Float.leastNonzeroMagnitude, 0]).values.allSatisfy { $0.isFinite })
  }
}
