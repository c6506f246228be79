internal import CKernels
internal import Glibc

/// The tables that a call hands to the kernels, allocated once.
final class CallTables {
  let tokens: UnsafeMutableBufferPointer<UInt32>
  let selected: UnsafeMutableBufferPointer<UInt32>
  /// First row of each segment, then the number of rows.
  let segmentStart: UnsafeMutableBufferPointer<UInt32>
  let segmentState: UnsafeMutableBufferPointer<UnsafeMutablePointer<UInt8>?>
  /// Tokens that each segment's sequence had before the call, and its pages.
  let segmentPosition: UnsafeMutableBufferPointer<UInt32>
  let segmentCache: UnsafeMutableBufferPointer<UnsafeMutablePointer<UInt8>?>
  /// The number of the call that last named each slot.
  let slotCall: UnsafeMutableBufferPointer<UInt64>

  init(_ options: ContextOptions) {
    tokens = .allocate(capacity: options.rowCapacity)
    selected = .allocate(capacity: options.logitRowCapacity)
    segmentStart = .allocate(capacity: options.stateSlots + 1)
    segmentState = .allocate(capacity: options.stateSlots)
    segmentPosition = .allocate(capacity: options.stateSlots)
    segmentCache = .allocate(capacity: options.stateSlots)
    segmentPosition.initialize(repeating: 0)
    segmentCache.initialize(repeating: nil)
    slotCall = .allocate(capacity: options.stateSlots)
    tokens.initialize(repeating: 0)
    selected.initialize(repeating: 0)
    segmentStart.initialize(repeating: 0)
    segmentState.initialize(repeating: nil)
    slotCall.initialize(repeating: 0)
  }

  deinit {
    tokens.deallocate()
    selected.deallocate()
    segmentStart.deallocate()
    segmentState.deallocate()
    segmentPosition.deallocate()
    segmentCache.deallocate()
    slotCall.deallocate()
  }
}

/// Memory that each thread's kernels may use within one step.
final class Scratch {
  /// Each thread's memory, 64-byte aligned.
  let table: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>
  private let threads: Int
  private var memory: Memory?

  init(threads: Int) {
    self.threads = threads
    table = .allocate(capacity: threads)
    table.initialize(repeating: nil, count: threads)
  }

  deinit { table.deallocate() }

  /// Gets as much for each thread as the hungriest step needs.
  func allocate(for programs: [(BoundProgram, rows: Int)]) throws(ContextError) {
    var most = 64
    for (program, rows) in programs {
      for index in program.steps.indices {
        guard let steps = program.steps.baseAddress else { continue }
        most = max(most, qk_scratch_bytes(steps + index, UInt32(rows)))
      }
    }
    // A page between the threads' parts keeps them on different cache lines and pages.
    let share = (most + 4095) / 4096 * 4096 + 4096
    guard let memory = Memory(zeroed: share * threads) else { throw .memory(bytes: share * threads) }
    for thread in 0..<threads {
      table[thread] = (memory.base + share * thread).assumingMemoryBound(to: UInt8.self)
    }
    self.memory = memory
  }
}
