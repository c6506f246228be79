import Dispatch
import Synchronization

/// Work over many independent items on a few threads.
public enum Parallel {
  /// Runs `body` for every item; which thread takes which item does not matter to the result.
  /// - Parameter threads: at most this many; there are never more than processors.
  /// - Throws: the error of the first item, in order, that failed.
  public static func forEach<Item: Sendable, Failure: Error>(
    _ items: [Item], threads: Int = .max, _ body: @Sendable (Item) throws(Failure) -> Void
  ) throws(Failure) {
    let next = Atomic(0)
    let failures = Mutex<[Int: Failure]>([:])
    DispatchQueue.concurrentPerform(iterations: max(1, min(threads, items.count))) { _ in
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        guard index < items.count, failures.withLock(\.isEmpty) else { return }
        do throws(Failure) {
          try body(items[index])
        } catch {
          failures.withLock { $0[index] = error }
        }
      }
    }
    if let first = failures.withLock({ $0.min { $0.key < $1.key } }) { throw first.value }
  }

  /// What `body` gives for every item, in the order of the items.
  /// - Parameter threads: at most this many; there are never more than processors.
  /// - Throws: the error of the first item, in order, that failed.
  public static func map<Item: Sendable, Output: Sendable, Failure: Error>(
    _ items: [Item], threads: Int = .max, _ body: @Sendable (Item) throws(Failure) -> Output
  ) throws(Failure) -> [Output] {
    let outputs = Mutex([Int: Output](minimumCapacity: items.count))
    try forEach(Array(items.indices), threads: threads) { (index) throws(Failure) in
      let output = try body(items[index])
      outputs.withLock { $0[index] = output }
    }
    return outputs.withLock { outputs in items.indices.compactMap { outputs[$0] } }
  }
}
