import Evaluation
import PlanRuntime
import Testing

@Suite("Work of a plan, against counts by hand")
struct PlanWorkTests {
  let work: PlanWork

  init() throws { work = PlanWork(try Plan(bytes: CountedPlan.bytes())) }

  @Test("Weight bytes are weights, corrections, multipliers and biases of linear layers, without padding")
  func weightBytes() {
    let body = 24 * 20 + 3 * 24 * 4
    let head = 40 * 24 + 2 * 40 * 4
    #expect(work.weightBytes == body + head)
    #expect(work.instructions.map(\.weightBytes) == [0, 0, body, 0, 0, head])
  }

  @Test("The prompt's work is the body for every row and the head for one")
  func products() {
    #expect(work.bodyProducts == 480)
    #expect(work.headProducts == 960)
    #expect(work.prefillProducts(rows: 10) == 5760)
    #expect(work.stepProducts(batch: 3) == 4320)
    #expect(work.isInt8)
    let limits = MachineLimits(readBandwidth: 1, int8Rate: 2, floatRate: 3)
    #expect(work.productRate(limits) == 2)
  }

  @Test("A plan without int8 weights is held against the float32 rate")
  func floatPlan() throws {
    let work = PlanWork(try PairOfPlans.make(seed: 1))
    #expect(!work.isInt8)
    #expect(work.weightBytes == 50 * 16 * 4)
    #expect(work.productRate(MachineLimits(readBandwidth: 1, int8Rate: 2, floatRate: 3)) == 3)
  }

  @Test("Names give layer and role")
  func names() {
    #expect(work.instructions.map(\.layer) == [nil, 0, 0, 0, nil, nil])
    #expect(
      work.instructions.map(\.role) == ["embedding", "norm", "mixer.x", "mixer.u", "selected", "logits"])
    #expect(work.instructions.map(\.opcode) == ["embed", "norm", "linear", "conv", "select", "linear"])
    #expect(work.instructions.map(\.isHead) == [false, false, false, false, true, true])
  }

  @Test("Bytes of constants a call, of activations a row, and of state a sequence")
  func bytes() {
    #expect(work.instructions.map(\.constantBytes) == [0, 84, 768, 288, 0, 1280])
    #expect(work.instructions.map(\.rowBytes) == [20 + 4 + 80, 80 + 20, 20 + 96, 96 + 96, 96 + 96, 96 + 160])
    #expect(work.instructions.map(\.stateBytes) == [0, 0, 0, 2 * 2 * 24 * 4, 0, 0])
  }

  @Test("Operations a row")
  func operations() {
    #expect(work.instructions.map(\.int8Products) == [0, 0, 480, 0, 0, 0])
    #expect(
      work.instructions.map(\.floatOperations) == [20, (3 + 4) * 20, 24, 24 * (3 + 18), 0, 960 + 40])
  }
}
