import CKernels
import Dispatch
import PlanRuntime

/// What one tap has seen so far, in memory that does not grow.
final class TapObserver {
  let name: String
  /// Whether a NaN or an infinity was seen.
  private(set) var sawSpecial = false
  private var count: UInt64 = 0
  private var channels: [Float]
  /// Counts of bins; nil for a tap without a histogram.
  private var bins: BinCounts?

  var width: Int { channels.count }

  init(name: String, width: Int, hasHistogram: Bool) {
    self.name = name
    channels = Array(repeating: 0, count: width)
    bins = hasHistogram ? BinCounts() : nil
  }

  /// What the tap has seen; its counts are given up, so that there are never two copies of all.
  func finish() -> TapStatistics {
    let maximum = channels.reduce(0) { max($0, $1) }
    defer { bins = nil }
    return TapStatistics(
      name: name, count: count, channels: channels, histogram: bins?.histogram(maximum: maximum))
  }

  /// Takes in all rows of a float32 buffer.
  ///
  /// Each thread has its own channels, so that nothing depends on how many there are.
  func observe(_ event: TapEvent, scratch: ObserverScratch) {
    count += UInt64(event.rows) * UInt64(event.width)
    let blocks = (event.width + 15) / 16
    let threads = min(scratch.threads, blocks)
    let hasHistogram = bins != nil
    channels.withUnsafeMutableBufferPointer { channels in
      guard let start = channels.baseAddress else { return }
      // The threads write to disjoint memory, and all are done when the call returns.
      nonisolated(unsafe) let (maxima, scratch, event) = (start, scratch, event)
      DispatchQueue.concurrentPerform(iterations: threads) { thread in
        let first = blocks * thread / threads * 16
        let end = min(blocks * (thread + 1) / threads * 16, event.width)
        for row in 0..<event.rows {
          guard let values = event.floats(row: row).baseAddress.map({ $0 + first }) else { continue }
          qk_running_max_abs(values, end - first, maxima + first)
          if !qk_all_finite(values, QK_F32, end - first) { scratch.sawSpecial[thread] = true }
          if hasHistogram { qk_histogram_abs(values, end - first, scratch.bins(thread)) }
        }
      }
    }
    if scratch.takeSpecial() { sawSpecial = true }
    for thread in 0..<(hasHistogram ? threads : 0) { bins?.move(from: scratch.bins(thread)) }
  }
}

/// Memory in which each thread collects what it sees of one event.
final class ObserverScratch {
  let threads: Int
  let sawSpecial: UnsafeMutableBufferPointer<Bool>
  private let counts: UnsafeMutablePointer<UInt64>

  init(threads: Int) {
    self.threads = threads
    sawSpecial = .allocate(capacity: threads)
    sawSpecial.initialize(repeating: false)
    counts = .allocate(capacity: threads * Histogram.binCount)
    counts.initialize(repeating: 0, count: threads * Histogram.binCount)
  }

  deinit {
    sawSpecial.deallocate()
    counts.deallocate()
  }

  /// The counts of one thread, `[binCount]`.
  func bins(_ thread: Int) -> UnsafeMutablePointer<UInt64> { counts + thread * Histogram.binCount }

  /// Whether any thread saw a NaN or an infinity; forgotten then.
  func takeSpecial() -> Bool {
    defer { sawSpecial.update(repeating: false) }
    return sawSpecial.contains(true)
  }
}
