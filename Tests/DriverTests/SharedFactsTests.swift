import IR
import PlanFormat
import Testing

/// Facts that the IR and the plan format each state, because neither may import the other.
@Suite
struct SharedFactsTests {
  @Test
  func ordersOfHadamardMatrices() {
    #expect(PlanLimits.hadamardOrders == ([1] + HadamardShape.orders).map { UInt32($0) })
  }
}
