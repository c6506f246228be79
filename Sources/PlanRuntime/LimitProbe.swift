internal import CKernels
internal import Glibc

/// Measures the machine's limits on a pool of threads like the one that runs plans.
public final class LimitProbe {
  /// Threads, the caller's among them.
  public let threads: Int
  /// The instruction set whose products are counted.
  public let instructionSet: InstructionSet
  /// Bytes that are read, all of them resident.
  public let byteCount: Int
  private let pool: OpaquePointer
  private let probes: qk_probe_table
  private let buffer: Memory
  private let sink: Memory

  /// Products of one thread take some milliseconds in so many rounds.
  private static let rounds: UInt64 = 1 << 20
  private static let page = 4096

  /// Gets threads and memory, on huge pages where the system has them, and touches every page.
  ///
  /// - Parameters:
  ///   - threads: nil for one on each physical core that the process may use.
  ///   - instructionSet: nil for the one that `QUAMBA_ISA` names, or else the fastest.
  ///   - byteCount: bytes to read, far more than the caches hold, rounded up to 4,096.
  /// - Throws: `ContextError`.
  public init(
    threads: Int? = nil, instructionSet: InstructionSet? = nil, byteCount: Int = 1 << 30
  ) throws(ContextError) {
    let options = ContextOptions(threads: threads, instructionSet: instructionSet)
    try options.check()
    try ContextOptions.check("byteCount", byteCount, 1...(1 << 40))
    let set = try options.chosenInstructionSet()
    guard let probes = set.probes else { throw .unsupportedInstructionSet(set) }
    let count = threads ?? PhysicalCores.count
    let size = (byteCount + Self.page - 1) / Self.page * Self.page
    guard let buffer = Memory(zeroed: size), let sink = Memory(zeroed: count * 64) else {
      throw .memory(bytes: size)
    }
    madvise(buffer.base, size, MADV_HUGEPAGE)
    guard let pool = qk_pool_create(UInt32(count)) else { throw .threads(count) }
    (self.threads, self.instructionSet, self.byteCount) = (count, set, size)
    (self.pool, self.probes, self.buffer, self.sink) = (pool, probes.pointee, buffer, sink)
    run(self.probes.touch)
  }

  deinit { qk_pool_destroy(pool) }

  /// Measures all limits: half of the time reading, a quarter on each kind of product.
  ///
  /// - Parameter seconds: how long to measure; every limit is measured once at least.
  public func measure(seconds: Double = 0.5) -> MachineLimits {
    let share = Double(threads) * Double(Self.rounds)
    return MachineLimits(
      readBandwidth: rate(of: probes.read, work: Double(byteCount), seconds: seconds / 2),
      int8Rate: rate(of: probes.int8, work: share * Double(probes.int8_products), seconds: seconds / 4),
      floatRate: rate(of: probes.float32, work: share * Double(probes.float_products), seconds: seconds / 4))
  }

  /// Work a second over as many runs as fill the time.
  private func rate(of kernel: qk_kernel, work: Double, seconds: Double) -> Double {
    let start = SteadyClock.nanoseconds
    var (runs, elapsed) = (0.0, 0.0)
    repeat {
      run(kernel)
      runs += 1
      elapsed = Double(SteadyClock.nanoseconds - start) * 1e-9
    } while elapsed < seconds
    return work * runs / elapsed
  }

  private func run(_ kernel: qk_kernel) {
    var step = qk_step()
    step.kernel = kernel
    step.args.probe = qk_probe(
      buffer: buffer.base.assumingMemoryBound(to: UInt8.self), bytes: UInt64(byteCount), rounds: Self.rounds,
      sink: sink.base.assumingMemoryBound(to: UInt8.self))
    withUnsafePointer(to: step) { step in
      withUnsafePointer(to: qk_call()) { qk_pool_run(pool, step, 1, $0) }
    }
  }
}
