import Passes
import PlanFormat
import PlanRuntime
import Testing

/// What reading all weights of a plan of four bits finds.
@Suite
struct FourBitContentTests {
  private let bytes: [UInt8]
  private let product: Int
  private let weights, factors: ConstantID
  private let ranges: [Range<Int>]

  init() throws {
    let plan = try compiledPlan(Fixtures.model("tiny"), .quambaW4)
    let view = plan.view
    bytes = Array(view.memory)
    product = try #require(
      (0..<view.instructionCount).first { index in
        let instruction = view.instruction(index)
        return instruction.opcode == .linear && instruction.constant(.factors) != nil
      })
    (weights, factors) = (
      ConstantID(view.instruction(product)[.weights]), ConstantID(view.instruction(product)[.factors])
    )
    ranges = [view.constantRange(weights), view.constantRange(factors)]
  }

  private func problem(changing offset: Int, to byte: (UInt8) -> UInt8) throws -> PlanError? {
    var changed = bytes
    changed[offset] = byte(changed[offset])
    let plan = try Plan(bytes: changed)
    do throws(PlanError) {
      try plan.view.verifyCorrections()
      return nil
    } catch {
      return error
    }
  }

  @Test func wholePlanIsRight() throws {
    let plan = try Plan(bytes: bytes)
    try plan.view.verifyCorrections()
  }

  /// Byte 13 is of output 3: the low half of input 1, the high half of input 5.
  @Test(arguments: [UInt8(0x01), 0x10])
  func changedCode(_ bit: UInt8) throws {
    #expect(
      try problem(changing: ranges[0].lowerBound + 13) { $0 ^ bit }
        == .instruction(product, .correction(output: 3)))
  }

  @Test(arguments: [UInt8(0), 64, 255])
  func impossibleFactor(_ factor: UInt8) throws {
    #expect(
      try problem(changing: ranges[1].lowerBound + 5) { _ in factor }
        == .instruction(product, .factor(output: 5))
    )
  }

  @Test func anotherFactor() throws {
    #expect(
      try problem(changing: ranges[1].lowerBound + 5) { $0 == 63 ? 62 : $0 + 1 }
        == .instruction(product, .correction(output: 5)))
  }
}
