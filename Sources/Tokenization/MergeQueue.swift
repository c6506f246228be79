/// A binary heap of pairs to merge: lowest rank first, then leftmost.
struct MergeQueue {
  struct Entry {
    var rank: UInt32
    var position: Int

    func precedes(_ other: Entry) -> Bool { (rank, position) < (other.rank, other.position) }
  }

  private var entries: [Entry] = []

  mutating func push(_ entry: Entry) {
    var child = entries.count
    entries.append(entry)
    while child > 0 {
      let parent = (child - 1) / 2
      guard entry.precedes(entries[parent]) else { break }
      entries[child] = entries[parent]
      child = parent
    }
    entries[child] = entry
  }

  mutating func pop() -> Entry? {
    guard let first = entries.first, let last = entries.popLast() else { return nil }
    guard !entries.isEmpty else { return first }
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < entries.count else { break }
      if child + 1 < entries.count, entries[child + 1].precedes(entries[child]) { child += 1 }
      guard entries[child].precedes(last) else { break }
      entries[parent] = entries[child]
      parent = child
    }
    entries[parent] = last
    return first
  }
}
