import CKernels
import Dispatch
import PlanRuntime

/// Sums over the codes of one tensor.
final class CodeObserver {
  /// Rows of a Gram matrix that a thread sums at a time: a multiple of 16.
  private static let block = 48

  private var count = 0
  private var sums: [Int64]
  private var gram: [Int64]

  var width: Int { sums.count }

  init(width: Int, hasGram: Bool) {
    sums = Array(repeating: 0, count: width)
    gram = hasGram ? Array(repeating: 0, count: width * width) : []
  }

  var statistics: CodeStatistics { CodeStatistics(count: count, sums: sums, gram: gram) }

  /// Takes in all rows of an int8 buffer, at most as many as the scratch was made for.
  func observe(_ event: TapEvent, scratch: CodeScratch) {
    guard event.rows > 0 else { return }
    count += event.rows
    let length = scratch.take(event)
    for channel in sums.indices { sums[channel] += scratch.sums[channel] }
    guard !gram.isEmpty else { return }
    let (width, blocks) = (width, (width + Self.block - 1) / Self.block)
    gram.withUnsafeMutableBufferPointer { gram in
      // The threads write to different rows, and all are done when the call returns.
      nonisolated(unsafe) let work = qk_gram(
        channels: scratch.channels, panels: scratch.panels, sums: scratch.sums, width: UInt32(width),
        length: UInt32(length), gram: gram.baseAddress)
      scratch.share(blocks) { block in
        withUnsafePointer(to: work) {
          qk_gram_i8($0, UInt32(block * Self.block), UInt32(min((block + 1) * Self.block, width)))
        }
      }
    }
  }
}

/// Memory in which the codes of one event are taken apart.
final class CodeScratch: @unchecked Sendable {
  /// Rows that sums of products of codes stay exact for.
  static let rowLimit = 1024

  let channels: UnsafeMutablePointer<Int8>
  let panels: UnsafeMutablePointer<Int8>
  let sums: UnsafeMutablePointer<Int64>
  private let threads: Int

  /// Memory for events of up to `rows` rows and `width` channels.
  init(rows: Int, width: Int, threads: Int) {
    precondition(rows <= Self.rowLimit, "sums of more rows are not exact")
    self.threads = threads
    let padded = (width + 15) / 16 * 16
    let bytes = padded * Self.length(rows)
    channels = .allocate(capacity: bytes)
    channels.initialize(repeating: 0, count: bytes)
    panels = .allocate(capacity: bytes)
    panels.initialize(repeating: 0, count: bytes)
    sums = .allocate(capacity: padded)
    sums.initialize(repeating: 0, count: padded)
  }

  deinit {
    channels.deallocate()
    panels.deallocate()
    sums.deallocate()
  }

  /// Takes the codes of an event apart; returns how far the channels lie apart.
  func take(_ event: TapEvent) -> Int {
    let (length, stride) = (Self.length(event.rows), event.codes.stride)
    nonisolated(unsafe) let base = event.codes.base
    let (rows, width) = (UInt32(event.rows), UInt32(event.width))
    share((event.width + 15) / 16) { [self] block in
      qk_take_channels(
        base, stride, rows, width, UInt32(block * 16), UInt32(length), channels + block * 16 * length,
        panels + block * 16 * length, sums + block * 16)
    }
    return length
  }

  /// Runs `body` for every block, each thread taking every so many.
  func share(_ blocks: Int, _ body: @Sendable (Int) -> Void) {
    let threads = min(threads, blocks)
    DispatchQueue.concurrentPerform(iterations: threads) { thread in
      for block in stride(from: thread, to: blocks, by: threads) { body(block) }
    }
  }

  private static func length(_ rows: Int) -> Int { (rows + 63) / 64 * 64 }
}
