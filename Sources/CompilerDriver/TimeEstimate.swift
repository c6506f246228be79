import Digests
import PlanRuntime

/// About how long a compile takes on this machine: bytes that are digested, and products of calibration.
///
/// Measured in a fraction of a second; what a slow disk or other programs cost is not in it.
struct TimeEstimate {
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
  /// - Parameters:
  ///   - sourceBytes: of the checkpoint; every one is checked and digested.
  ///   - calibration: bytes of the temporary plan, and products in all; nil for none.
  ///   - planBytes: of the plan; every one is computed, written and digested.
  func seconds(
    sourceBytes: Int, calibration: (scratchBytes: Int, products: Double)?, planBytes: Int
  ) -> [(name: String, seconds: Double)] {
    func written(_ bytes: Int) -> Double { 2 * Double(bytes) / digestRate }
    let calibrating = calibration.map { written($0.scratchBytes) + $0.products / productRate }
    return [("read model", Double(sourceBytes) / digestRate)]
      + (calibrating.map { [("calibrate", $0)] } ?? []) + [("write plan", written(planBytes))]
  }
}
