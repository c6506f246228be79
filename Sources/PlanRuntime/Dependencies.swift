internal import PlanFormat

/// Finds where threads must wait for each other: before what another thread may still read or write.
///
/// Which thread owns what differs from kernel to kernel, so any two steps that share bytes of the arena, one
/// of them writing, depend on each other. States need no barrier: no two instructions share any.
struct Dependencies {
  /// The number of the stretch between barriers in which a granule of 64 bytes was last read, or written.
  private var lastRead: [UInt32]
  private var lastWrite: [UInt32]
  private var stretch: UInt32 = 1

  /// Starts with nothing touched.
  init(model: ModelRecord) {
    let granules = Int(max(model.bodyBytesPerRow, model.headBytesPerRow)) / 64
    lastRead = Array(repeating: 0, count: granules)
    lastWrite = Array(repeating: 0, count: granules)
  }

  /// Whether these instructions, one step, depend on a step since the last barrier; notes what they touch.
  mutating func needBarrier(
    before group: ArraySlice<Instruction>, of program: Program, in view: PlanView
  ) -> Bool {
    let reads = group.flatMap(\.buffersRead).compactMap { granules(of: $0, program, view) }
    let writes = group.flatMap(\.buffersWritten).compactMap { granules(of: $0, program, view) }
    let depends =
      reads.contains { lastWrite[$0].contains(stretch) }
      || writes.contains { lastWrite[$0].contains(stretch) || lastRead[$0].contains(stretch) }
    if depends { stretch += 1 }
    for range in reads { for granule in range { lastRead[granule] = stretch } }
    for range in writes { for granule in range { lastWrite[granule] = stretch } }
    return depends
  }

  /// The buffer's granules, or nil for one of the other program, which nobody writes meanwhile.
  private func granules(of id: BufferID, _ program: Program, _ view: PlanView) -> Range<Int>? {
    let buffer = view.buffer(id)
    guard buffer.program == program else { return nil }
    return Int(buffer.rowRange.lowerBound / 64)..<Int(buffer.rowRange.upperBound / 64)
  }
}
