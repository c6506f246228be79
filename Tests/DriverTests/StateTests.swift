import Calibration
import CompilerDriver
import Foundation
import Passes
import PlanFormat
import PlanRuntime
import Testing

@Suite("States of scans")
struct StateTests {
  private static let tokens: [UInt32] = (0..<40).map { index in UInt32((index * index * 7 + 5) % 379) }

  private func scans(_ plan: Plan) -> [Instruction] {
    (0..<plan.view.instructionCount).map { plan.view.instruction($0) }.filter { $0.opcode == .scan }
  }

  /// The largest |h| of each channel of the first layer, from the float plan's states after every token.
  private func largestStates(_ plan: Plan) throws -> [Float] {
    let scan = try #require(scans(plan).first)
    let shape = plan.view.constant(ConstantID(scan[.a]))
    let (channels, states) = (Int(shape.d0), Int(shape.d1))
    let context = try Context(plan: plan, options: ContextOptions(rowCapacity: 1, threads: 1))
    var largest = [Float](repeating: 0, count: channels)
    for token in Self.tokens {
      try context.prefill([token])
      let state = try context.copyState(slot: 0)
      for index in 0..<(channels * states) {
        let h: Float = state.withUnsafeBytes { bytes in
          bytes.loadUnaligned(fromByteOffset: Int(scan.stateOffset) + 4 * index, as: Float.self)
        }
        let channel = index / (16 * states) * 16 + index % 16
        largest[channel] = max(largest[channel], abs(h))
      }
    }
    return largest
  }

  @Test("calibration sees the largest state of each channel over time")
  func observed() throws {
    let model = Fixtures.model("mamba-f32")
    try withTemporaryDirectory { place in
      let text = place + "/text.jsonl"
      let ids = Self.tokens.map(String.init).joined(separator: ",")
      try Data("{\"ids\":[\(ids)]}\n".utf8).write(to: URL(fileURLWithPath: text))
      let statistics = try CalibrationRun(try LoadedModel(directory: model, checksValues: false)).run(
        text: try TextInput(path: text), size: CalibrationText.Size(samples: 1, length: 40), threads: 2,
        progress: { _, _ in })
      let seen = try #require(statistics.taps.first { $0.name == "layers.0.mixer.state" })
      #expect(seen.channels == (try largestStates(compiledPlan(model, .float32))))
    }
  }

  @Test(
    "a narrower state takes less of a slot, and changes logits little", arguments: Recipe.StateType.allCases)
  func stored(_ type: Recipe.StateType) throws {
    var recipe = Recipe.float32
    recipe.state = type
    let plan = try compiledPlan(Fixtures.model("mamba-f32"), recipe)
    let whole = try compiledPlan(Fixtures.model("mamba-f32"), .float32)
    let scans = self.scans(plan)
    let bytes: [Recipe.StateType: Int] = [.float32: 4, .float16: 2, .int8: 1]
    #expect(scans.allSatisfy { $0.stateType.byteCount == bytes[type] })
    let saved = UInt64(scans.count * 192 * 16 * (4 - (bytes[type] ?? 0)))
    #expect(plan.view.model.stateBytesPerSlot == whole.view.model.stateBytesPerSlot - saved)
    let (found, expected) = (try logits(plan), try logits(whole))
    let largest = expected.map(abs).max() ?? 0
    let difference = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
    #expect(difference <= largest * 0.05)
    #expect((difference == 0) == (type == .float32))
  }

  private func logits(_ plan: Plan) throws -> [Float] {
    let context = try Context(plan: plan, options: ContextOptions(threads: 1))
    let row = try context.prefill(Self.tokens)
    return Array(try context.logits(rows: [row])[0])
  }
}
