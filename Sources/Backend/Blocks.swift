/// Memory that threads fill in disjoint parts.
final class SharedBuffer<Element>: @unchecked Sendable where Element: ExpressibleByIntegerLiteral {
  /// The elements, zero at first.
  let elements: UnsafeMutableBufferPointer<Element>
  private let base: UnsafeMutablePointer<Element>

  init(count: Int) {
    base = .allocate(capacity: count)
    elements = UnsafeMutableBufferPointer(start: base, count: count)
    elements.initialize(repeating: 0)
  }

  deinit { base.deallocate() }

  /// Where element `index` lies.
  func pointer(_ index: Int) -> UnsafeMutablePointer<Element> { base + index }
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
