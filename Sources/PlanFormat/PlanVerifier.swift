/// Proves that a plan is safe to run; nothing is checked again afterwards.
///
/// One pass over each section, in file order of what depends on what.
struct PlanVerifier {
  let view: PlanView
  /// Work left, in granules of the arena and elements of scales, lest a small hostile file cost hours.
  private var stepsLeft = PlanLimits.verifierSteps
  /// Elements of scales, inverses, factors and multipliers that may still be named.
  ///
  /// In all they are as many as the weights section has room for. Each is there for a row or a column of weights, so
  /// a sound plan has far fewer; and listing all that is named costs no more than a file's length allows, even where
  /// thousands of records name one constant.
  private var elementsLeft: UInt64
  var arena = ArenaTracker(bodyBytesPerRow: 0, headBytesPerRow: 0)
  /// Where the states of the instructions so far end in the slot.
  var stateEnd: UInt64 = 0
  /// Where their keys and values end in a page.
  var pageEnd: UInt64 = 0
  /// How many row sets there are so far.
  var rowSets: UInt32 = 0

  init(view: PlanView) {
    self.view = view
    elementsLeft = Self.mostElements(of: view)
  }

  private static func mostElements(of view: PlanView) -> UInt64 { UInt64(view.sections[.weights].count) / 4 }

  /// Work done so far.
  var steps: UInt64 { PlanLimits.verifierSteps - stepsLeft }

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

  /// Takes elements that are named once more off their budget.
  mutating func spend(elements: UInt64) throws(PlanError) {
    guard elements <= elementsLeft else {
      let limit = Self.mostElements(of: view)
      throw .limit(.scaleElements, found: limit - elementsLeft + elements, limit: limit)
    }
    elementsLeft -= elements
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
    guard model.vocabulary > 0, model.width > 0, model.bodyBytesPerRow > 0, model.headBytesPerRow > 0 else {
      throw .model(.zeroSize)
    }
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
    try requireRecords(.instructions, of: FileLayout.instructionLength)
    try requireRecords(.buffers, of: FileLayout.bufferLength)
    try requireRecords(.constants, of: FileLayout.constantLength)
    try requireRecords(.metadata, of: FileLayout.metadataLength)
    let count = UInt64(view.instructionCount)
    guard count <= PlanLimits.instructions else {
      throw .limit(.instructions, found: count, limit: PlanLimits.instructions)
    }
  }

  private func requireRecords(_ kind: SectionKind, of length: Int) throws(PlanError) {
    let found = view.sections[kind].count
    guard found % length == 0 else { throw .section(kind, .recordLength(found: UInt64(found))) }
  }

  private func verifyLogits() throws(PlanError) {
    guard let logits = view.decodeBuffer(view.model.logits), logits.program == .head, logits.type == .f32,
      logits.width == view.model.vocabulary
    else { throw .model(.logits) }
  }

  /// Keys are strings in strictly ascending order of their bytes, so each is there once; values, of which several may
  /// be one string, have no more bytes together than the section that holds them.
  private func verifyMetadata() throws(PlanError) {
    let limit = UInt64(view.sections[.strings].count)
    var total: UInt64 = 0
    var previous: Range<Int>?
    for index in 0..<view.metadataCount {
      let (key, value) = view.metadataIDs(index)
      guard key.rawValue < view.stringCount, value.rawValue < view.stringCount else {
        throw .metadata(index, .string)
      }
      total += UInt64(view.stringRange(value).count)
      guard total <= limit else { throw .limit(.metadata, found: total, limit: limit) }
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
    try require(count, atMost: PlanLimits.goldenTokens, .goldenTokens)
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
