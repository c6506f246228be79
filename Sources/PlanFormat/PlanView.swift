/// A verified plan in memory, read in place: nothing is copied but what an accessor gives.
@safe
public struct PlanView: Sendable {
  let bytes: PlanBytes
  let sections: SectionTable
  /// The numbers that describe the whole.
  public let model: ModelRecord

  /// Verifies a plan completely, without reading its weights but for scales, and borrows it.
  ///
  /// The memory must outlive this value and stay as it is.
  ///
  /// - Throws: `PlanError` for the first thing that is wrong.
  /// - Complexity: linear in everything but the weights; two tables of `ArenaTracker` are all that it allocates.
  @unsafe
  public init(verifying memory: UnsafeRawBufferPointer) throws(PlanError) {
    try self.init(checkingSections: unsafe PlanBytes(memory))
    var verifier = PlanVerifier(view: self)
    try verifier.verify()
  }

  /// What verifying takes of `PlanLimits.verifierSteps`, for tests.
  @unsafe
  package static func steps(verifying memory: UnsafeRawBufferPointer) throws(PlanError) -> UInt64 {
    var verifier = PlanVerifier(view: try PlanView(checkingSections: unsafe PlanBytes(memory)))
    try verifier.verify()
    return verifier.steps
  }

  /// A view of which only header and section table are verified.
  private init(checkingSections bytes: PlanBytes) throws(PlanError) {
    self.bytes = bytes
    sections = try SectionTable(verifying: bytes)
    let range = sections[.model]
    guard range.count == FileLayout.modelLength else {
      throw .section(.model, .recordLength(found: UInt64(range.count)))
    }
    model = ModelRecord(reading: bytes, at: range.lowerBound)
  }
}

extension PlanView {
  /// How many instructions both programs have.
  public var instructionCount: Int { sections[.instructions].count / FileLayout.instructionLength }

  /// How many buffers there are.
  public var bufferCount: Int { sections[.buffers].count / FileLayout.bufferLength }

  /// How many constants there are.
  public var constantCount: Int { sections[.constants].count / FileLayout.constantLength }

  /// How many strings there are.
  public var stringCount: Int { Int(bytes.u32(sections[.strings].lowerBound)) }

  /// How many pairs of metadata there are.
  public var metadataCount: Int { sections[.metadata].count / FileLayout.metadataLength }

  /// The instruction at an index, the body's before the head's.
  public func instruction(_ index: Int) -> Instruction {
    guard let instruction = decodeInstruction(index) else { preconditionFailure("the view is verified") }
    return instruction
  }

  /// The buffer of an identifier.
  public func buffer(_ id: BufferID) -> Buffer {
    guard let buffer = decodeBuffer(id) else { preconditionFailure("the view is verified") }
    return buffer
  }

  /// The constant of an identifier.
  public func constant(_ id: ConstantID) -> Constant {
    guard let constant = decodeConstant(id) else { preconditionFailure("the view is verified") }
    return constant
  }

  /// The byte range of a constant in the file.
  public func constantRange(_ id: ConstantID) -> Range<Int> {
    let record = sections[.constants].lowerBound + Int(id.rawValue) * FileLayout.constantLength
    let start = sections[.weights].lowerBound + Int(bytes.u64(record + 24))
    return start..<(start + Int(bytes.u64(record + 32)))
  }

  /// The string of an identifier.
  public func string(_ id: StringID) -> String { text(stringRange(id)) }

  /// A pair of metadata; keys are in ascending order of their bytes.
  public func metadata(at index: Int) -> (key: String, value: String) {
    let (key, value) = metadataIDs(index)
    return (string(key), string(value))
  }

  /// The value of a metadata key, or nil when there is none.
  public func metadata(_ key: String) -> String? {
    for index in 0..<metadataCount {
      let (name, value) = metadataIDs(index)
      if stringRange(name).lazy.map({ bytes.u8($0) }).elementsEqual(key.utf8) { return string(value) }
    }
    return nil
  }

  /// The golden prompt and logits; both empty when the plan has none.
  public var golden: Golden {
    let range = sections[.golden]
    guard !range.isEmpty else { return Golden() }
    let count = Int(bytes.u32(range.lowerBound))
    let logits = range.lowerBound + 4 + 4 * count
    return Golden(
      input: (0..<count).map { bytes.u32(range.lowerBound + 4 + 4 * $0) },
      logits: (0..<Int(model.vocabulary)).map { bytes.f32(logits + 4 * $0) })
  }

  /// The byte range of a section in the file.
  public func range(of kind: SectionKind) -> Range<Int> { sections[kind] }

  /// The SHA-256 that the section table holds for a section; nobody has compared it yet.
  public func digest(of kind: SectionKind) -> [UInt8] {
    let record = FileLayout.headerLength + kind.index * FileLayout.sectionRecordLength
    let start = record + FileLayout.Section.digest
    return (start..<(start + FileLayout.digestLength)).map { bytes.u8($0) }
  }

  /// The plan's bytes, as borrowed.
  @unsafe
  public var memory: UnsafeRawBufferPointer { unsafe bytes.buffer }
}

extension PlanView {
  /// The version that the plan states.
  public var version: PlanVersion {
    PlanVersion(major: bytes.u16(FileLayout.Header.major), minor: minorVersion)
  }

  /// The minor number of the version that wrote the plan.
  var minorVersion: UInt16 { bytes.u16(FileLayout.Header.minor) }

  func decodeInstruction(_ index: Int) -> Instruction? {
    Instruction(
      reading: bytes, at: sections[.instructions].lowerBound + index * FileLayout.instructionLength,
      minorVersion: minorVersion)
  }

  /// The buffer, or nil when there is none or its record is damaged.
  func decodeBuffer(_ id: BufferID) -> Buffer? {
    guard id.rawValue < bufferCount else { return nil }
    return Buffer(
      reading: bytes, at: sections[.buffers].lowerBound + Int(id.rawValue) * FileLayout.bufferLength)
  }

  /// The constant, or nil when there is none or its record is damaged.
  func decodeConstant(_ id: ConstantID) -> Constant? {
    guard id.rawValue < constantCount else { return nil }
    return Constant(
      reading: bytes, at: sections[.constants].lowerBound + Int(id.rawValue) * FileLayout.constantLength)
  }

  /// The byte range of a string in the file.
  func stringRange(_ id: StringID) -> Range<Int> {
    let section = sections[.strings].lowerBound
    let offsets = section + 4
    let text = offsets + 4 * (stringCount + 1)
    let entry = offsets + 4 * Int(id.rawValue)
    return (text + Int(bytes.u32(entry)))..<(text + Int(bytes.u32(entry + 4)))
  }

  func metadataIDs(_ index: Int) -> (key: StringID, value: StringID) {
    let record = sections[.metadata].lowerBound + index * FileLayout.metadataLength
    return (StringID(bytes.u32(record)), StringID(bytes.u32(record + 4)))
  }

  private func text(_ range: Range<Int>) -> String {
    let memory = unsafe UnsafeRawBufferPointer(rebasing: bytes.buffer[range])
    return unsafe String(decoding: memory, as: UTF8.self)
  }
}
