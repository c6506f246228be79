/// Which buffer's bytes lie in each granule of 64 bytes of a row, as the instructions so far leave them.
struct ArenaTracker {
  /// One more than the index of the buffer last written there, or 0 for bytes that the call has not written.
  private var body: [UInt32]
  private var head: [UInt32]

  /// Starts with nothing written; sizes in bytes per row.
  init(bodyBytesPerRow: UInt32, headBytesPerRow: UInt32) {
    body = Array(repeating: 0, count: Int(bodyBytesPerRow) / 64)
    head = Array(repeating: 0, count: Int(headBytesPerRow) / 64)
  }

  /// Whether all of the buffer's bytes are as an instruction wrote them into this very buffer.
  func holds(_ id: BufferID, _ buffer: Buffer) -> Bool {
    let owners = buffer.program == .body ? body : head
    return owners[Self.granules(of: buffer)].allSatisfy { $0 == id.rawValue + 1 }
  }

  /// Notes that the buffer was written, and so whatever it overlaps overwritten.
  mutating func write(_ id: BufferID, _ buffer: Buffer) {
    for granule in Self.granules(of: buffer) {
      if buffer.program == .body { body[granule] = id.rawValue + 1 } else { head[granule] = id.rawValue + 1 }
    }
  }

  /// The buffer's granules within a row.
  static func granules(of buffer: Buffer) -> Range<Int> {
    let first = Int(buffer.offset) / 64
    return first..<(first + Int(buffer.bytesPerRow) / 64)
  }
}
