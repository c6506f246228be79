public import PlanRuntime

/// Measures how fast a plan runs, next to what the machine could do at the same time.
///
/// The limits are measured between all measurements, so that each has one before and one after it; what a
/// measurement is held against is the mean of the two.
public enum Bench {
  /// Measures a plan file.
  ///
  /// - Parameters:
  ///   - path: the plan file; it is loaded again in every repetition.
  ///   - settings: what to measure.
  ///   - progress: called with the measurements done and their number.
  /// - Throws: `PlanLoadError`, `ContextError`.
  public static func run(
    path: String, settings: BenchSettings, progress: @escaping (Int, Int) -> Void = { _, _ in }
  ) throws -> BenchReport {
    let plan = try Plan(path: path)
    let work = PlanWork(plan)
    var done = 0
    let runs = try settings.threads.map { threads in
      let runner = try BenchRunner(path: path, plan: plan, work: work, settings: settings, threads: threads) {
        done += 1
        progress(done, settings.measurements)
      }
      return try runner.run()
    }
    return BenchReport(
      settings: settings, weightBytes: work.weightBytes, bodyProducts: work.bodyProducts,
      headProducts: work.headProducts, isInt8: work.isInt8, runs: runs)
  }

  /// Measures the machine's limits alone.
  ///
  /// - Parameter threads: how many threads; the other settings are those of `BenchSettings`.
  /// - Returns: the name of the instruction set, and the limits over all repetitions.
  /// - Throws: `ContextError`.
  public static func limits(
    threads: Int, settings: BenchSettings
  ) throws(ContextError) -> (instructionSet: String, limits: LimitsSpread) {
    let probe = try LimitProbe(threads: threads, byteCount: settings.limitBytes)
    let measured = (0..<settings.repetitions).map { _ in probe.measure(seconds: settings.limitSeconds) }
    return (probe.instructionSet.rawValue, LimitsSpread(measured))
  }
}
