import IR
import Synchronization

/// Constants that can only be computed as a whole, kept for the threads that want them.
final class ConstantCache: Sendable {
  private final class Entry: Sendable {
    let values = Mutex<[Float]?>(nil)
  }

  private let limit: Int
  private let entries = Mutex<[(id: ValueID, entry: Entry)]>([])

  /// A cache of the last `limit` constants.
  init(limit: Int) { self.limit = limit }

  /// The elements of a constant, row-major; threads that want the same one wait for the first.
  /// - Throws: what `compute` throws.
  func values(of id: ValueID, compute: () throws -> [Float]) throws -> [Float] {
    let entry = entries.withLock { kept in
      if let found = kept.first(where: { $0.id == id }) { return found.entry }
      let entry = Entry()
      kept.append((id, entry))
      if kept.count > limit { kept.removeFirst() }
      return entry
    }
    return try entry.values.withLock { stored in
      if let stored { return stored }
      let values = try compute()
      stored = values
      return values
    }
  }
}
