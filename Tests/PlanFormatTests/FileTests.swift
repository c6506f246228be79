import PlanFormat
import Testing

@Suite
struct FileTests {
  private let bytes: [UInt8]
  /// Bytes of header and section table.
  private let tableEnd = 64 + 64 * SectionKind.allCases.count

  init() throws { bytes = try SmallPlan().bytes() }

  @Test
  func aPlanIsAccepted() { #expect(verify(bytes) == nil) }

  @Test
  func theSameDraftGivesTheSameBytes() throws { #expect(try SmallPlan().bytes() == bytes) }

  @Test
  func everyTruncationIsRefused() {
    for length in 0..<bytes.count {
      let error = verify(Array(bytes[..<length]))
      #expect(error == .truncated(needed: length < 64 ? 64 : UInt64(bytes.count), found: UInt64(length)))
    }
  }

  @Test
  func moreBytesAreRefused() {
    let error = verify(bytes + [0])
    #expect(error == .fileLength(stated: UInt64(bytes.count), found: UInt64(bytes.count + 1)))
  }

  @Test
  func everyBitOfHeaderAndSectionTableCounts() {
    for bit in 0..<(tableEnd * 8) {
      var flipped = bytes
      flipped[bit / 8] ^= 1 << (bit % 8)
      #expect(verify(flipped) != nil, "bit \(bit)")
    }
  }

  @Test
  func otherFilesAreNoPlans() {
    #expect(verify(Array("GGUF".utf8) + bytes[4...]) == .notAPlan)
    let unix = bytes[..<5] + [0x0A] + bytes[7...] + [0]
    #expect(verify(Array(unix)) == .textModeDamage)
  }

  @Test(arguments: [(1, 4), (2, 0), (0, 0)] as [(UInt16, UInt16)])
  func otherVersionsAreNamed(_ major: UInt16, _ minor: UInt16) {
    var other = bytes
    other.replaceSubrange(8..<12, with: [UInt8(major), 0, UInt8(minor), 0])
    let found = PlanVersion(major: major, minor: minor)
    #expect(verify(other) == .version(found: found, supported: .current))
    #expect("\(PlanError.version(found: found, supported: .current))".contains("version \(major).\(minor)"))
  }

  /// A word that came later is zero in older plans, and reads as absent.
  @Test
  func olderPlansAreRead() throws {
    let plan = SmallPlan()
    let index = plan.draft.instructions.firstIndex { $0.opcode == .hadamard } ?? 0
    let place = try #require(Opcode.hadamard.spec.index(of: .gain))
    let record = try view(of: bytes).range(of: .instructions).lowerBound + 64 * index
    var old = bytes
    old[10] = 0
    #expect(old[(record + 8 + 4 * place)...].prefix(4) == [255, 255, 255, 255])
    old.replaceSubrange((record + 8 + 4 * place)..<(record + 12 + 4 * place), with: [0, 0, 0, 0])
    let read = try view(of: sealed(old))
    #expect(read.instruction(index).constant(.gain) == nil)
    old[record + 8 + 4 * place] = 1
    #expect(verify(sealed(old)) == .instruction(index, .unusedWord(place)))
  }

  @Test
  func typesDoNotComeBeforeTheirVersion() throws {
    func problem(of plan: SmallPlan, minor: UInt8) throws -> PlanError? {
      var bytes = try plan.bytes()
      bytes[10] = minor
      return verify(sealed(bytes))
    }
    var plan = SmallPlan()
    plan.draft.buffers[1].type = .i16
    #expect(try problem(of: plan, minor: 1) == nil)
    #expect(try problem(of: plan, minor: 0) == .buffer(BufferID(1), .type))
    plan = SmallPlan()
    let id = plan.draft.addConstant("unused", type: .i4, layout: .panelsInt4, d0: 1, d1: 1)
    #expect(try problem(of: plan, minor: 3) == nil)
    #expect(try problem(of: plan, minor: 2) == .constant(id, .type))
  }

  /// The same bytes with the checksum that belongs to them: CRC-32C over header and section table.
  private func sealed(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    bytes.replaceSubrange(28..<32, with: [0, 0, 0, 0])
    var checksum = UInt32.max
    for byte in bytes[..<tableEnd] {
      checksum ^= UInt32(byte)
      for _ in 0..<8 { checksum = (checksum >> 1) ^ (checksum & 1 == 1 ? 0x82F6_3B78 : 0) }
    }
    let value = ~checksum
    bytes.replaceSubrange(28..<32, with: (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) })
    return bytes
  }

  @Test
  func featuresThatWeLackAreRefused() {
    var other = bytes
    other[12] = 4
    #expect(verify(other) == .features(4))
  }

  @Test
  func paddingBetweenSectionsIsZero() throws {
    let view = try view(of: bytes)
    for kind in SectionKind.allCases.dropFirst() {
      let start = view.range(of: kind).lowerBound
      let previous = view.range(of: SectionKind(rawValue: kind.rawValue - 1) ?? .model).upperBound
      for offset in previous..<start {
        var other = bytes
        other[offset] = 1
        #expect(verify(other) == .notZero(offset: UInt64(offset)))
      }
    }
  }

  @Test
  func whatWasWrittenIsRead() throws {
    let draft = SmallPlan().draft
    let view = try view(of: bytes)
    #expect(view.model == draft.model)
    #expect((0..<UInt32(view.bufferCount)).map { view.buffer(BufferID($0)) } == draft.buffers)
    #expect((0..<UInt32(view.constantCount)).map { view.constant(ConstantID($0)) } == draft.constants)
    #expect((0..<UInt32(view.stringCount)).map { view.string(StringID($0)) } == draft.strings)
    #expect(view.instructionCount == draft.instructions.count)
    for (index, instruction) in draft.instructions.enumerated() {
      let read = view.instruction(index)
      #expect(read.opcode == instruction.opcode && read.program == instruction.program)
      #expect(read.name == instruction.name)
      #expect((0..<Instruction.wordCount).allSatisfy { read.words[$0] == instruction.words[$0] })
    }
    #expect(view.metadata("tool") == "small plan" && view.metadata("licence") == nil)
    #expect(view.metadata(at: 0).key == "origin")
    #expect(view.golden == draft.golden)
  }

  @Test
  func constantsLieWhereTheLayoutSays() throws {
    let plan = SmallPlan()
    let layout = try PlanLayout(plan.draft)
    let view = try view(of: bytes)
    #expect(layout.fileLength == bytes.count)
    #expect(layout.weightsOffset == view.range(of: .weights).lowerBound)
    for index in plan.draft.constants.indices {
      let id = ConstantID(UInt32(index))
      #expect(layout.fileOffset(of: id) == view.constantRange(id).lowerBound)
      #expect(layout.byteCount(of: id) == view.constantRange(id).count)
      #expect(layout.fileOffset(of: id) % 64 == 0)
    }
  }

  @Test
  func digestsAreKept() throws {
    let view = try view(of: bytes)
    for kind in SectionKind.allCases {
      let count = UInt8(truncatingIfNeeded: view.range(of: kind).count)
      #expect(view.digest(of: kind) == Array(repeating: count, count: 32))
    }
  }

  private func view(of bytes: [UInt8]) throws -> PlanView {
    // The memory is leaked on purpose: the view must not outlive it.
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
    memory.copyBytes(from: bytes)
    return try PlanView(verifying: UnsafeRawBufferPointer(memory))
  }
}
