internal import CKernels
internal import PlanFormat

/// The row sets of a plan: which rows of a call take part in the steps of each expert.
final class RowSets {
  let sets: UnsafeMutableBufferPointer<qk_row_set>
  /// The rows of each set.
  let lists: Memory

  /// Room for every set of a plan to hold all rows of a call.
  init(_ view: PlanView, rowCapacity: Int) throws(ContextError) {
    let count = (0..<UInt32(view.bufferCount)).reduce(0) { max($0, Int(view.buffer(BufferID($1)).rowSet)) }
    let bytes = count * rowCapacity * MemoryLayout<UInt32>.stride  // at most 2^20 each
    guard let lists = Memory(zeroed: bytes) else { throw .memory(bytes: bytes) }
    self.lists = lists
    sets = .allocate(capacity: count)
    sets.initialize(repeating: qk_row_set())
    let start = lists.base.assumingMemoryBound(to: UInt32.self)
    for index in sets.indices { sets[index].list = start + index * rowCapacity }
  }

  deinit { sets.deallocate() }

  /// The set of a number; nil for 0, which stands for all rows.
  func set(_ number: UInt32) -> UnsafeMutablePointer<qk_row_set>? {
    number == 0 ? nil : sets.baseAddress.map { $0 + Int(number) - 1 }
  }

  /// The call of a set's steps; nil for 0.
  func call(of number: UInt32) -> UnsafePointer<qk_call>? {
    set(number).map { set in
      let offset = MemoryLayout<qk_row_set>.offset(of: \.call) ?? 0
      return UnsafePointer((UnsafeMutableRawPointer(set) + offset).assumingMemoryBound(to: qk_call.self))
    }
  }

  /// The call's rows that are in a set, as the last run left it; nil for 0.
  func rows(_ number: UInt32) -> UnsafeBufferPointer<UInt32>? {
    set(number).map { UnsafeBufferPointer(start: $0.pointee.list, count: Int($0.pointee.call.rows)) }
  }
}
