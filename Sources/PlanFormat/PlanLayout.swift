/// Where everything of a plan lies in its file, and the bytes of everything but the weights.
public struct PlanLayout: Sendable {
  /// Bytes of the whole file.
  public let fileLength: UInt64
  /// Where the weights begin: the length of the header region, which is all that comes before.
  public let weightsOffset: UInt64
  /// Bytes of the weights section.
  public let weightsLength: UInt64

  private let constantOffsets: [UInt64]
  private let constantLengths: [UInt64]
  private let sections: [[UInt8]]
  private let sectionOffsets: [UInt64]

  /// Lays out a plan.
  ///
  /// - Throws: `PlanError` when something passes a limit; whether the plan is right is for `PlanView` to say.
  public init(_ draft: PlanDraft) throws(PlanError) {
    try Self.checkSizes(of: draft)
    (constantOffsets, constantLengths, weightsLength) = try Self.placeConstants(draft.constants)
    sections = Self.encode(draft, offsets: constantOffsets, lengths: constantLengths)
    var end = UInt64(FileLayout.tableEnd)
    var offsets: [UInt64] = []
    for section in sections {
      offsets.append(roundedUp(end, to: FileLayout.alignment))
      end = roundedUp(end, to: FileLayout.alignment) + UInt64(section.count)
    }
    weightsOffset = roundedUp(end, to: FileLayout.alignment)
    guard weightsOffset <= PlanLimits.headerRegion else {
      throw .limit(.headerRegion, found: weightsOffset, limit: PlanLimits.headerRegion)
    }
    guard let total = sum(weightsOffset, weightsLength), total <= UInt64(Int64.max) else {
      throw .limit(.fileLength, found: weightsLength, limit: UInt64(Int64.max))
    }
    fileLength = total
    sectionOffsets = offsets + [weightsOffset]
  }

  /// Where the bytes of a constant begin in the file.
  public func fileOffset(of constant: ConstantID) -> UInt64 {
    weightsOffset + constantOffsets[Int(constant.rawValue)]
  }

  /// How many bytes a constant takes, without the zeros that follow up to the next multiple of 64.
  public func byteCount(of constant: ConstantID) -> UInt64 { constantLengths[Int(constant.rawValue)] }

  /// Everything that comes before the weights: header, section table and the other sections.
  ///
  /// - Parameters:
  ///   - weightsDigest: SHA-256 of the weights section, 32 bytes.
  ///   - digest: gives the SHA-256 of bytes.
  public func headerRegion(weightsDigest: [UInt8], digest: ([UInt8]) -> [UInt8]) -> [UInt8] {
    let table = sectionTable(digests: sections.map(digest) + [weightsDigest])
    var checksum = CRC32C()
    for byte in header(checksum: 0) + table { checksum.update(byte) }
    var writer = ByteWriter()
    writer.write(header(checksum: checksum.value))
    writer.write(table)
    for (section, offset) in zip(sections, sectionOffsets) {
      writer.pad(to: Int(offset))
      writer.write(section)
    }
    writer.pad(to: Int(weightsOffset))
    return writer.bytes
  }

  /// The whole file from the bytes of each constant; for plans that fit in memory.
  package func assemble(constants: [[UInt8]], digest: ([UInt8]) -> [UInt8]) -> [UInt8] {
    var weights = ByteWriter()
    for (bytes, offset) in zip(constants, constantOffsets) {
      weights.pad(to: Int(offset))
      weights.write(bytes)
    }
    return headerRegion(weightsDigest: digest(weights.bytes), digest: digest) + weights.bytes
  }

  private func header(checksum: UInt32) -> [UInt8] {
    var writer = ByteWriter()
    writer.write(FileLayout.magic)
    writer.write(PlanVersion.current.major)
    writer.write(PlanVersion.current.minor)
    writer.write(UInt32(0))
    writer.write(fileLength)
    writer.write(UInt32(SectionKind.allCases.count))
    writer.write(checksum)
    writer.pad(to: FileLayout.headerLength)
    return writer.bytes
  }

  private func sectionTable(digests: [[UInt8]]) -> [UInt8] {
    var writer = ByteWriter()
    for kind in SectionKind.allCases {
      let isWeights = kind == .weights
      precondition(digests[kind.index].count == FileLayout.digestLength, "a digest has 32 bytes")
      writer.write(kind.rawValue)
      writer.write(UInt32(0))
      writer.write(sectionOffsets[kind.index])
      writer.write(isWeights ? weightsLength : UInt64(sections[kind.index].count))
      writer.write(digests[kind.index])
      writer.write(UInt64(0))
    }
    return writer.bytes
  }
}

extension PlanLayout {
  /// Refuses a draft whose parts could not be counted in 32 bits, before anything is encoded.
  private static func checkSizes(of draft: PlanDraft) throws(PlanError) {
    let text = draft.strings.reduce(0) { $0 + UInt64($1.utf8.count) }
    let rows = draft.constants.count + draft.buffers.count + draft.instructions.count
    let numbers = UInt64(rows + draft.golden.input.count + draft.golden.logits.count) * 4
    let found = text + numbers + UInt64(draft.tokenizer.count)
    guard found <= PlanLimits.headerRegion else {
      throw .limit(.headerRegion, found: found, limit: PlanLimits.headerRegion)
    }
  }

  /// Offsets and lengths in the weights section, and its length.
  private static func placeConstants(
    _ constants: [Constant]
  ) throws(PlanError) -> (offsets: [UInt64], lengths: [UInt64], total: UInt64) {
    var (offsets, lengths): ([UInt64], [UInt64]) = ([], [])
    var end: UInt64 = 0
    for (index, constant) in constants.enumerated() {
      guard let length = constant.byteCount, let offset = sum(end, 0, roundedUpTo: FileLayout.alignment),
        let next = sum(offset, length)
      else { throw .constant(ConstantID(UInt32(index)), .tooLarge) }
      offsets.append(offset)
      lengths.append(length)
      end = next
    }
    return (offsets, lengths, end)
  }

  /// The bytes of every section but the weights, in file order.
  private static func encode(_ draft: PlanDraft, offsets: [UInt64], lengths: [UInt64]) -> [[UInt8]] {
    var constants = ByteWriter()
    for (constant, place) in zip(draft.constants, zip(offsets, lengths)) {
      constant.encode(to: &constants, offset: place.0, length: place.1)
    }
    return [
      collect { draft.model.encode(to: &$0) },
      collect { for instruction in draft.instructions { instruction.encode(to: &$0) } },
      collect { for buffer in draft.buffers { buffer.encode(to: &$0) } },
      constants.bytes,
      collect { encode(strings: draft.strings, to: &$0) },
      draft.tokenizer,
      collect { encodeMetadata(of: draft, to: &$0) },
      collect { encode(golden: draft.golden, to: &$0) },
    ]
  }

  private static func collect(_ body: (inout ByteWriter) -> Void) -> [UInt8] {
    var writer = ByteWriter()
    body(&writer)
    return writer.bytes
  }

  private static func encode(strings: [String], to writer: inout ByteWriter) {
    writer.write(UInt32(strings.count))
    var end: UInt32 = 0
    writer.write(end)
    for string in strings {
      end += UInt32(string.utf8.count)
      writer.write(end)
    }
    for string in strings { writer.write(Array(string.utf8)) }
  }

  private static func encodeMetadata(of draft: PlanDraft, to writer: inout ByteWriter) {
    func key(_ entry: (key: StringID, value: StringID)) -> String.UTF8View {
      draft.strings[Int(entry.key.rawValue)].utf8
    }
    for entry in draft.metadata.sorted(by: { key($0).lexicographicallyPrecedes(key($1)) }) {
      writer.write(entry.key.rawValue)
      writer.write(entry.value.rawValue)
    }
  }

  private static func encode(golden: Golden, to writer: inout ByteWriter) {
    guard !golden.input.isEmpty else { return }
    writer.write(UInt32(golden.input.count))
    for id in golden.input { writer.write(id) }
    for logit in golden.logits { writer.write(logit.bitPattern) }
  }
}
