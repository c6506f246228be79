import Digests
import PlanRuntime

/// About how long a compile takes on this machine: bytes that are digested, and products of calibration.
///
/// Measured in a fraction of a second; what a slow disk or other programs cost is not in it.
struct TimeEstimate {
  /// What a compile has to do.
  struct Work {
    /// Bytes of the checkpoint; every one is checked and digested.
    let sourceBytes: Int
    /// Bytes of the plan; every one is computed, written and digested.
    let planBytes: Int
    /// Bytes of the plan that calibration runs; 0 without calibration.
    let floatPlanBytes: Int
    /// Multiply-accumulates of a run over the whole text.
    let products: Double
    /// Whether there is a second calibration.
    let observesCodes: Bool
  }

  /// Multiply-accumulates a second of float32.
  private let productRate: Double
  /// Bytes a second that one thread digests.
  private let digestRate: Double

  /// Measures the machine.
  /// - Throws: `DiagnosticFailure` where `QUAMBA_ISA` or the threads ask for what it cannot do.
  init(threads: Int) throws {
    do throws(ContextError) {
      let probe = try LimitProbe(threads: threads, byteCount: 1 << 20)
      productRate = probe.measure(seconds: 0.2).floatRate * Self.productShare
    } catch {
      throw error.failure
    }
    let block = [UInt8](repeating: 0, count: 1 << 23)
    var stopwatch = Stopwatch()
    _ = stopwatch.time("digest") { Digests.sha256(block) }
    digestRate = Double(block.count) / max(stopwatch.parts[0].seconds, 1e-9)
  }

  /// The part of the rate from registers that a float plan under observation reaches.
  private static let productShare = 0.5

  /// Seconds by the parts that a compile reports.
  func seconds(of work: Work) -> [(name: String, seconds: Double)] {
    func run(_ bytes: Int) -> Double { written(bytes) + work.products / productRate }
    var parts = [("read model", Double(work.sourceBytes) / digestRate)]
    if work.floatPlanBytes > 0 { parts.append(("calibrate", run(work.floatPlanBytes))) }
    if work.observesCodes { parts.append(("second calibration", run(work.planBytes))) }
    return parts + [("write plan", written(work.planBytes))]
  }

  /// Seconds until a plan is computed, written and digested.
  private func written(_ bytes: Int) -> Double { 2 * Double(bytes) / digestRate }
}
