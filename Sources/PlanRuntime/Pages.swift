internal import Glibc
internal import PlanFormat

/// How the pages of keys and values lie: `[slot][page]`, 64 tokens a page.
struct PageLayout {
  /// Bytes of one page that hold something; 0 for a plan without attention.
  let bytes: Int
  /// Bytes from page to page: whole pages of memory, so that what is not used takes none.
  let stride: Int
  /// Pages of one sequence at most.
  let count: Int

  static let tokensPerPage = Int(PlanLimits.pageTokens)
  private static let memoryPage = 4096

  init(_ model: ModelRecord, contextCapacity: Int) {
    bytes = Int(model.bytesPerPage)
    stride = (bytes + Self.memoryPage - 1) / Self.memoryPage * Self.memoryPage
    count = bytes == 0 ? 0 : Self.pages(for: contextCapacity)
  }

  /// Tokens of one sequence that there is room for.
  var tokens: Int { count * Self.tokensPerPage }

  /// Pages that so many tokens take.
  static func pages(for tokens: Int) -> Int { (tokens + tokensPerPage - 1) / tokensPerPage }
}

/// The keys and values of every sequence.
///
/// Memory is taken page by page as sequences grow: the system gives it where it is first written.
final class Pages {
  let layout: PageLayout
  /// Tokens that each sequence has so far.
  let tokens: UnsafeMutableBufferPointer<UInt32>
  let memory: Memory

  init(_ layout: PageLayout, slots: Int) throws(ContextError) {
    self.layout = layout
    let (slot, first) = layout.stride.multipliedReportingOverflow(by: layout.count)
    let (total, second) = slot.multipliedReportingOverflow(by: slots)
    guard !first, !second else { throw .memory(bytes: nil) }
    guard let memory = Memory(reserved: total) else { throw .memory(bytes: total) }
    self.memory = memory
    tokens = .allocate(capacity: slots)
    tokens.initialize(repeating: 0)
  }

  deinit { tokens.deallocate() }

  /// The pages of a sequence.
  func base(_ slot: Int) -> UnsafeMutablePointer<UInt8> {
    (memory.base + slot * layout.stride * layout.count).assumingMemoryBound(to: UInt8.self)
  }

  /// Gives back the memory of a sequence's pages, which are zeros then.
  func clear(_ slot: Int) {
    let used = PageLayout.pages(for: Int(tokens[slot])) * layout.stride
    tokens[slot] = 0
    guard used > 0 else { return }
    if madvise(base(slot), used, Int32(MADV_DONTNEED)) != 0 { memset(base(slot), 0, used) }
  }

  /// Bytes in which `saved` puts a sequence; none without attention.
  func savedBytes(tokens: Int) -> Int {
    layout.bytes == 0 ? 0 : 8 + PageLayout.pages(for: tokens) * layout.bytes
  }

  /// A sequence's tokens, then what its pages hold; nothing without attention.
  func saved(_ slot: Int) -> [UInt8] {
    guard layout.bytes > 0 else { return [] }
    let count = UInt64(tokens[slot])
    var bytes = (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
    for page in 0..<PageLayout.pages(for: Int(count)) {
      bytes += UnsafeBufferPointer(start: base(slot) + page * layout.stride, count: layout.bytes)
    }
    return bytes
  }

  /// The tokens of a sequence that `saved` gave; nil where these are no such bytes.
  func savedTokens(_ bytes: ArraySlice<UInt8>) -> Int? {
    guard layout.bytes > 0 else { return bytes.isEmpty ? 0 : nil }
    guard bytes.count >= 8 else { return nil }
    let count = bytes.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard count <= UInt64(1 << 24), savedBytes(tokens: Int(count)) == bytes.count else { return nil }
    return Int(count)
  }

  /// Sets a sequence to one that `saved` gave, of at most as many tokens as there is room for.
  func restore(_ slot: Int, _ bytes: ArraySlice<UInt8>, tokens count: Int) {
    clear(slot)
    guard layout.bytes > 0 else { return }
    bytes.dropFirst(8).withUnsafeBufferPointer { source in
      guard let start = source.baseAddress else { return }
      for page in 0..<PageLayout.pages(for: count) {
        (base(slot) + page * layout.stride).update(from: start + page * layout.bytes, count: layout.bytes)
      }
    }
    tokens[slot] = UInt32(count)
  }
}
