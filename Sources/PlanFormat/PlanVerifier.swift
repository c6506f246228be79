/// Proves that a plan is safe to run; nothing is checked again afterwards.
///
/// One pass over each section, in file order of what depends on what.
struct PlanVerifier {
  let view: PlanView
  /// Work left, in granules of the arena and elements of scales, lest a small hostile file cost hours.
  private var stepsLeft = PlanLimits.verifierSteps
  var arena = ArenaTracker(bodyBytesPerRow: 0, headBytesPerRow: 0)
  /// Where the states of the instructions so far end in the slot.
  var stateEnd: UInt64 = 0
  /// Where their keys and values end in a page.
  var pageEnd: UInt64 = 0
  /// How many row sets there are so far.
  var rowSets: UInt32 = 0

  init(view: PlanView) { self.view = view }

  mutating func verify() throws(PlanError) {
    try verifyModel()
    try verifyRecordLengths()
    try verifyStrings()
    try verifyConstants()
    try verifyBuffers()
    try verifyLogits()
    try verifyPrograms()
    try verifyMetadata()
    try verifyGolden()
  }

  /// Takes work off the budget.
  mutating func spend(_ steps: UInt64) throws(PlanError) {
    guard steps <= stepsLeft else {
      throw .limit(.verifierSteps, found: PlanLimits.verifierSteps + 1, limit: PlanLimits.verifierSteps)
    }
    stepsLeft -= steps
  }

  func isName(_ id: StringID) -> Bool {
    id.rawValue < view.stringCount && view.stringRange(id).count <= PlanLimits.name
  }

  private func verifyModel() throws(PlanError) {
    let model = view.model
    let section = view.sections[.model]
    try requireZeros(view.bytes, (section.lowerBound + 40)..<section.upperBound)
    try require(model.vocabulary, atMost: PlanLimits.vocabulary, .vocabulary)
    try require(model.bodyBytesPerRow, atMost: PlanLimits.arenaPerRow, .arenaPerRow)
    try require(model.headBytesPerRow, atMost: PlanLimits.arenaPerRow, .arenaPerRow)
    guard model.stateBytesPerSlot <= PlanLimits.statePerSlot else {
      throw .limit(.statePerSlot, found: model.stateBytesPerSlot, limit: PlanLimits.statePerSlot)
    }
    guard model.bytesPerPage <= PlanLimits.bytesPerPage else {
      throw .limit(.bytesPerPage, found: model.bytesPerPage, limit: PlanLimits.bytesPerPage)
    }
    let sizes = [model.vocabulary, model.width, model.bodyBytesPerRow, model.headBytesPerRow]
    guard !sizes.contains(0) else { throw .model(.zeroSize) }
    guard model.bodyBytesPerRow % 64 == 0, model.headBytesPerRow % 64 == 0, model.stateBytesPerSlot % 64 == 0,
      model.bytesPerPage % 64 == 0
    else { throw .model(.unaligned) }
  }

  private func require(
    _ found: UInt32, atMost limit: UInt64, _ quantity: LimitedQuantity
  ) throws(PlanError) {
    guard found <= limit else { throw .limit(quantity, found: UInt64(found), limit: limit) }
  }

  /// Sections of records hold whole records.
  private func verifyRecordLengths() throws(PlanError) {
    let lengths: [(SectionKind, Int)] = [
      (.instructions, FileLayout.instructionLength), (.buffers, FileLayout.bufferLength),
      (.constants, FileLayout.constantLength), (.metadata, FileLayout.metadataLength),
    ]
    for (kind, length) in lengths where view.sections[kind].count % length != 0 {
      throw .section(kind, .recordLength(found: UInt64(view.sections[kind].count)))
    }
    let count = UInt64(view.instructionCount)
    guard count <= PlanLimits.instructions else {
      throw .limit(.instructions, found: count, limit: PlanLimits.instructions)
    }
  }

  private func verifyLogits() throws(PlanError) {
    guard let logits = view.decodeBuffer(view.model.logits), logits.program == .head, logits.type == .f32,
      logits.width == view.model.vocabulary
    else { throw .model(.logits) }
  }

  /// Keys are strings in strictly ascending order of their bytes, so each is there once.
  private func verifyMetadata() throws(PlanError) {
    var previous: Range<Int>?
    for index in 0..<view.metadataCount {
      let (key, value) = view.metadataIDs(index)
      guard key.rawValue < view.stringCount, value.rawValue < view.stringCount else {
        throw .metadata(index, .string)
      }
      let range = view.stringRange(key)
      if let previous, !precedes(previous, range) { throw .metadata(index, .order) }
      previous = range
    }
  }

  private func precedes(_ left: Range<Int>, _ right: Range<Int>) -> Bool {
    for step in 0..<min(left.count, right.count) {
      let (a, b) = (view.bytes.u8(left.lowerBound + step), view.bytes.u8(right.lowerBound + step))
      if a != b { return a < b }
    }
    return left.count < right.count
  }

  private func verifyGolden() throws(PlanError) {
    let range = view.sections[.golden]
    guard !range.isEmpty else { return }
    guard range.count >= 4 else { throw .golden(.length) }
    let count = view.bytes.u32(range.lowerBound)
    let vocabulary = view.model.vocabulary
    guard count > 0, UInt64(range.count) == 4 + 4 * (UInt64(count) + UInt64(vocabulary)) else {
      throw .golden(.length)
    }
    let input = range.lowerBound + 4
    for index in 0..<count where view.bytes.u32(input + 4 * Int(index)) >= vocabulary {
      throw .golden(.token(index: index))
    }
    let logits = input + 4 * Int(count)
    for index in 0..<vocabulary where !view.bytes.f32(logits + 4 * Int(index)).isFinite {
      throw .golden(.logit(index: index))
    }
  }
}
