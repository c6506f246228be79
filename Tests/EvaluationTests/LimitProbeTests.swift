import Evaluation
import PlanRuntime
import Testing

@Suite("The machine's limits", .serialized)
struct LimitProbeTests {
  @Test(
    "Every instruction set that this processor has gives rates", arguments: InstructionSet.allCases, [1, 3])
  func rates(_ set: InstructionSet, _ threads: Int) throws {
    guard set.isSupported else {
      #expect(throws: ContextError.self) {
        try LimitProbe(threads: threads, instructionSet: set, byteCount: 1)
      }
      return
    }
    let probe = try LimitProbe(threads: threads, instructionSet: set, byteCount: 5000)
    let limits = probe.measure(seconds: 0)
    #expect(probe.byteCount == 8192)
    #expect(probe.threads == threads)
    for rate in [limits.readBandwidth, limits.int8Rate, limits.floatRate] {
      #expect(rate > 0 && rate.isFinite)
    }
  }

  @Test("Numbers out of their range are refused", arguments: [(0, 4096), (1025, 4096), (1, 0), (1, -1)])
  func refused(_ threads: Int, _ bytes: Int) {
    #expect(throws: ContextError.self) { try LimitProbe(threads: threads, byteCount: bytes) }
  }

  @Test("The mean of two measurements")
  func mean() {
    let limits = MachineLimits.mean(
      MachineLimits(readBandwidth: 1, int8Rate: 2, floatRate: 3),
      MachineLimits(readBandwidth: 3, int8Rate: 6, floatRate: 9))
    #expect(limits == MachineLimits(readBandwidth: 2, int8Rate: 4, floatRate: 6))
  }

  @Test("Measured alone, they are summed up over the repetitions")
  func alone() throws {
    let settings = BenchSettings(threads: [2], repetitions: 3, limitSeconds: 0, limitBytes: 1 << 16)
    let (instructionSet, limits) = try Bench.limits(threads: 2, settings: settings)
    #expect(InstructionSet(rawValue: instructionSet) != nil)
    #expect(limits.int8Rate.minimum <= limits.int8Rate.median)
  }
}
