import Diagnostics
import Evaluation
public import PlanRuntime

/// Holds the speed of a calibration against the machine's float32 rate, measured before and after it.
public final class CalibrationMeter {
  /// What was seen of one run.
  public struct Reading: Sendable {
    /// Tokens that went through the model, a second.
    public let tokensPerSecond: Double
    /// Multiply-accumulates of the linear layers, a second, over the rate of fused multiply-adds.
    public let floatShare: Double
  }

  /// The last run; nil before.
  public private(set) var reading: Reading?
  private let probe: LimitProbe
  private var before: MachineLimits

  /// Measures what the machine can do now.
  /// - Throws: `ContextError`.
  public init(threads: Int) throws(ContextError) {
    probe = try LimitProbe(threads: threads, byteCount: 1 << 20)
    before = probe.measure()
  }

  /// Times `body`, which runs `plan` over so many tokens, the head over each of them.
  func measure<Result, Failure: Error>(
    _ plan: Plan, tokens: Int, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let start = SteadyClock.nanoseconds
    let result = try body()
    let seconds = max(Double(SteadyClock.nanoseconds - start) * 1e-9, 1e-9)
    let after = probe.measure()
    let rate = MachineLimits.mean(before, after).floatRate
    before = after
    reading = Reading(
      tokensPerSecond: Double(tokens) / seconds,
      floatShare: PlanWork(plan).stepProducts(batch: tokens) / seconds / rate)
    return result
  }
}
