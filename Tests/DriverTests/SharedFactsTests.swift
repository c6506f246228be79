import Frontend
import IR
import PlanFormat
import Testing

/// Facts that the plan format states, and others that may not import it.
@Suite
struct SharedFactsTests {
  @Test
  func ordersOfHadamardMatrices() {
    #expect(PlanLimits.hadamardOrders == ([1] + HadamardShape.orders).map { UInt32($0) })
  }

  @Test
  func countsOfModels() {
    #expect(ModelLimits.states == Int(PlanLimits.states.upperBound))
    #expect(ModelLimits.taps == Int(PlanLimits.taps.upperBound))
    #expect(ModelLimits.groups == Int(PlanLimits.groups))
    #expect(ModelLimits.headWidth == Int(PlanLimits.headWidth.upperBound))
    #expect(ModelLimits.experts == Int(PlanLimits.experts.upperBound))
  }
}
