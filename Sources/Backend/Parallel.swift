import Dispatch
import Synchronization

/// Work over many independent items on a few threads.
enum Parallel {
  /// Runs `body` for every item; which thread takes which item does not matter to the result.
  /// - Throws: the error of the first item, in order, that failed.
  static func forEach<Item: Sendable>(
    _ items: [Item], threads: Int, _ body: @Sendable (Item) throws -> Void
  ) throws {
    let next = Atomic(0)
    let failures = Mutex<[Int: any Error]>([:])
    DispatchQueue.concurrentPerform(iterations: max(1, min(threads, items.count))) { _ in
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        guard index < items.count, failures.withLock(\.isEmpty) else { return }
        do {
          try body(items[index])
        } catch {
          failures.withLock { $0[index] = error }
        }
      }
    }
    if let first = failures.withLock({ $0.min { $0.key < $1.key } }) { throw first.value }
  }
}

/// Memory that threads fill in disjoint parts.
final class SharedBuffer<Element>: @unchecked Sendable where Element: ExpressibleByIntegerLiteral {
  /// The elements, zero at first.
  let elements: UnsafeMutableBufferPointer<Element>

  init(count: Int) {
    elements = .allocate(capacity: count)
    elements.initialize(repeating: 0)
  }

  deinit { elements.deallocate() }
}

/// Rows that are worked on together.
enum RowBlock {
  /// About this many elements are in flight per thread.
  private static let elements = 1 << 19

  /// Covers `rows` rows by ranges of whole panels of 16 rows.
  static func cover(rows: Int, rowWidth: Int) -> [Range<Int>] {
    let step = max(1, elements / max(rowWidth, 1) / 16) * 16
    return stride(from: 0, to: rows, by: step).map { $0..<min($0 + step, rows) }
  }
}

/// Short-lived memory of one work item.
enum Scratch {
  /// Lends `count` floats, uninitialized.
  static func withFloats<Result>(
    _ count: Int, _ body: (UnsafeMutableBufferPointer<Float>) throws -> Result
  ) rethrows -> Result {
    let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
    defer { buffer.deallocate() }
    return try body(buffer)
  }

  /// Lends `count` zero bytes.
  static func withBytes<Result>(
    _ count: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
    defer { buffer.deallocate() }
    buffer.initializeMemory(as: UInt8.self, repeating: 0)
    return try body(buffer)
  }
}
