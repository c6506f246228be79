import PlanFormat
import Testing

/// Each plan here is right but for one thing, and the verifier names that thing.
@Suite
struct VerifierTests {
  private var plan = SmallPlan()

  private mutating func change(_ buffer: String, _ body: (inout Buffer) -> Void) {
    let name = plan.draft.string(buffer)
    for index in plan.draft.buffers.indices where plan.draft.buffers[index].name == name {
      body(&plan.draft.buffers[index])
    }
  }

  private func index(_ instruction: String, _ plan: SmallPlan) -> Int {
    plan.draft.instructions.firstIndex { plan.draft.strings[Int($0.name.rawValue)] == instruction } ?? 0
  }

  private func buffer(_ name: String) -> BufferID {
    let index = plan.draft.buffers.firstIndex { plan.draft.strings[Int($0.name.rawValue)] == name }
    return BufferID(UInt32(index ?? 0))
  }

  private func constant(_ name: String) -> ConstantID {
    let index = plan.draft.constants.firstIndex { plan.draft.strings[Int($0.name.rawValue)] == name }
    return ConstantID(UInt32(index ?? 0))
  }

  /// Sets one word of an instruction and expects a problem of that instruction.
  private mutating func expect(
    _ problem: InstructionProblem, setting field: Field, of name: String, to word: UInt32,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let index = index(name, plan)
    let old = plan.draft.instructions[index]
    var words = old.words
    words[old.opcode.spec.index(of: field) ?? 13] = word
    plan.draft.instructions[index] = Instruction(
      opcode: old.opcode, program: old.program, name: old.name, words: words)
    #expect(plan.verify() == .instruction(index, problem), sourceLocation: sourceLocation)
    plan.draft.instructions[index] = old
  }

  @Test
  mutating func referencesAndPresence() {
    expect(.reference(.input), setting: .input, of: "norm", to: 99)
    expect(.reference(.gain), setting: .gain, of: "norm", to: 99)
    expect(.presence(.input), setting: .input, of: "norm", to: .max)
    expect(.presence(.inverse), setting: .inverse, of: "norm", to: .max)
    expect(.presence(.correction), setting: .correction, of: "in", to: .max)
    expect(.presence(.multiplier), setting: .multiplier, of: "in", to: .max)
    expect(.presence(.bias), setting: .bias, of: "in", to: .max)
    expect(.presence(.rowScale), setting: .rowScale, of: "embed", to: 0)
    expect(.presence(.secondInverse), setting: .secondInverse, of: "conv", to: 0)
    expect(.bufferProgram(.input), setting: .input, of: "norm", to: buffer("chosen").rawValue)
    expect(.bufferProgram(.input), setting: .input, of: "select", to: buffer("chosen").rawValue)
  }

  @Test
  mutating func typesAndSizes() {
    expect(.type(.input), setting: .input, of: "norm", to: buffer("normed").rawValue)
    expect(.type(.gain), setting: .gain, of: "norm", to: constant("in.weights").rawValue)
    expect(.type(.gain), setting: .gain, of: "norm", to: constant("in.correction").rawValue)
    expect(
      .size(.gain, found: 1, expected: 24), setting: .gain, of: "norm", to: constant("scale").rawValue)
    expect(.type(.output), setting: .accumulate, of: "in", to: 1)
    expect(.range(.accumulate, found: 2), setting: .accumulate, of: "out", to: 2)
    let infinity = Float.infinity.bitPattern
    expect(.range(.epsilon, found: infinity), setting: .epsilon, of: "norm", to: infinity)
    expect(.range(.epsilon, found: 0), setting: .epsilon, of: "norm", to: 0)
    expect(.range(.order, found: 16), setting: .order, of: "hadamard", to: 16)
    expect(.range(.order, found: 61), setting: .order, of: "hadamard", to: 61)
    expect(.range(.block, found: 0), setting: .block, of: "hadamard", to: 0)
    expect(.hadamardBlock, setting: .block, of: "hadamard", to: 36)
    expect(.hadamardBlock, setting: .block, of: "hadamard", to: 48)
    expect(.unusedWord(13), setting: .a, of: "norm", to: 1)
  }

  @Test
  mutating func codesOf16BitsGoIntoProducts() {
    change("normed") { $0.type = .i16 }
    #expect(plan.verify() == nil)
    expect(.presence(.correction), setting: .correction, of: "in", to: .max)
    change("normed") { $0.scale = .absent }
    #expect(plan.verify() == .buffer(buffer("normed"), .scale))
    let scale = constant("scale")
    change("normed") { ($0.type, $0.scale) = (.i8, scale) }
    change("x") { $0.type = .i16 }
    #expect(plan.verify() == .instruction(index("in", plan), .type(.output)))
    change("x") { $0.type = .i8 }
    change("u") { $0.type = .i16 }
    #expect(plan.verify() == .instruction(index("scan", plan), .type(.u)))
  }

  @Test
  mutating func aTransformMayHaveAGain() {
    let old = plan.draft.instructions
    let place = index("hadamard", plan)
    var words = old[place].words
    words[Opcode.hadamard.spec.index(of: .gain) ?? 13] = constant("gain").rawValue
    plan.draft.instructions[place] = Instruction(
      opcode: .hadamard, program: .body, name: old[place].name, words: words)
    #expect(plan.verify() == nil)
    plan.draft.instructions = old
    expect(
      .size(.gain, found: 1, expected: 24), setting: .gain, of: "hadamard", to: constant("scale").rawValue)
    expect(.reference(.gain), setting: .gain, of: "hadamard", to: 99)
  }

  @Test
  mutating func statesAreDisjointAndInsideTheSlot() {
    expect(.state(offset: 0), setting: .state, of: "scan", to: 0)
    expect(.state(offset: 192), setting: .state, of: "scan", to: 3)
    expect(.state(offset: 1 << 30), setting: .state, of: "conv", to: 1 << 24)
    plan.draft.model.stateBytesPerSlot -= 64
    let index = index("scan", plan)
    #expect(plan.verify() == .instruction(index, .state(offset: 128)))
  }

  @Test
  mutating func statesHaveATypeAndItsScales() {
    expect(.range(.stateType, found: 1), setting: .stateType, of: "scan", to: 1)
    expect(.range(.stateType, found: 9), setting: .stateType, of: "scan", to: 9)
    expect(.presence(.stateScale), setting: .stateType, of: "scan", to: 3)
    expect(.presence(.stateScale), setting: .stateScale, of: "scan", to: constant("gain").rawValue)
    expect(.overlap(.peak), setting: .peak, of: "scan", to: buffer("u.scan").rawValue)
    let index = index("scan", plan)
    let old = plan.draft.instructions[index]
    for (type, gain) in [(ElementType.f16, UInt32.max), (.i8, constant("gain").rawValue)] {
      var words = old.words
      words[Opcode.scan.spec.index(of: .stateType) ?? 13] = type.rawValue
      words[Opcode.scan.spec.index(of: .stateScale) ?? 13] = gain
      words[Opcode.scan.spec.index(of: .stateInverse) ?? 13] = gain
      plan.draft.instructions[index] = Instruction(
        opcode: .scan, program: .body, name: old.name, words: words)
      #expect(plan.verify() == nil)
    }
    #expect(StateShape.hiddenBytes(channels: 17, states: 3, type: .f16) == 192)
    #expect(StateShape.hiddenBytes(channels: 17, states: 1, type: .i8) == 64)
  }

  @Test
  mutating func whatIsReadWasWrittenInThisCall() {
    expect(.unwritten(.input), setting: .input, of: "norm", to: buffer("rotated").rawValue)
    expect(.unwritten(.z), setting: .z, of: "scan", to: buffer("rotated").rawValue)
    let end = plan.draft.model.bodyBytesPerRow
    let fresh = plan.draft.addBuffer("fresh", type: .f32, width: SmallPlan.width, offset: end)
    plan.draft.model.bodyBytesPerRow += 128
    expect(.unwritten(.output), setting: .output, of: "out", to: fresh.rawValue)
  }

  @Test
  mutating func whatWasOverwrittenIsNotRead() {
    let residual = plan.draft.buffers[0]
    change("y") { $0.offset = residual.offset }
    let out = index("out", plan)
    #expect(plan.verify() == .instruction(out, .unwritten(.output)))
  }

  @Test
  mutating func outputsOverlapNoOtherOperand() {
    expect(.overlap(.output), setting: .output, of: "hadamard", to: buffer("y").rawValue)
    let x = plan.draft.buffers[Int(buffer("x").rawValue)]
    let old = plan.draft.buffers
    change("u") { $0.offset = x.offset }
    #expect(plan.verify() == .instruction(index("conv", plan), .overlap(.output)))
    plan.draft.buffers = old
    change("u.scan") { $0.offset = x.offset - 64 }
    #expect(plan.verify() == .instruction(index("conv", plan), .overlap(.secondOutput)))
  }

  @Test
  mutating func buffersLieInsideTheArena() {
    let id = buffer("codes")
    change("codes") { $0.offset = 1 << 20 }
    #expect(plan.verify() == .buffer(id, .place))
    change("codes") { $0.offset = 32 }
    #expect(plan.verify() == .buffer(id, .place))
    change("codes") { ($0.offset, $0.width) = (0, 0) }
    #expect(plan.verify() == .buffer(id, .place))
    change("codes") { ($0.width, $0.scale) = (24, .absent) }
    #expect(plan.verify() == .buffer(id, .scale))
    change("codes") { ($0.type, $0.scale) = (.i32, .absent) }
    #expect(plan.verify() == .buffer(id, .type))
  }

  @Test
  mutating func constantsAreAsTheirLayoutAsks() {
    let id = constant("table")
    plan.draft.constants[Int(id.rawValue)].type = .i32
    #expect(plan.verify() == .constant(id, .type))
    plan.draft.constants[Int(id.rawValue)].type = .f32
    plan.draft.constants[Int(id.rawValue)].d1 = 0
    #expect(plan.verify() == .constant(id, .dimensions))
    (plan.draft.constants[Int(id.rawValue)].d0, plan.draft.constants[Int(id.rawValue)].d1) = (.max, .max)
    #expect(plan.verify() == .constant(id, .tooLarge))
  }

  @Test(arguments: [Float.nan, .infinity, 0, -1])
  func scalesAreFiniteAndAboveZero(_ value: Float) throws {
    let layout = try PlanLayout(plan.draft)
    var bytes = try plan.bytes()
    let offset = Int(layout.fileOffset(of: constant("in.multiplier"))) + 4
    bytes.replaceSubrange(
      offset..<(offset + 4), with: withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init))
    #expect(verify(bytes) == .constant(constant("in.multiplier"), .value(index: 1)))
  }

  @Test
  mutating func programsAreInOrder() {
    let instructions = plan.draft.instructions
    plan.draft.instructions = instructions.filter { $0.program == .head }
    #expect(plan.verify() == .program(.emptyBody))
    plan.draft.instructions = instructions.filter { $0.program == .body }
    #expect(plan.verify() == .program(.emptyHead))
    plan.draft.instructions = []
    #expect(plan.verify() == .program(.emptyBody))
    plan.draft.instructions = instructions.filter { $0.opcode != .select }
    #expect(plan.verify() == .program(.select))
    plan.draft.instructions = instructions.dropLast()
    #expect(plan.verify() == .program(.logitsUnwritten))
    plan.draft.instructions = instructions + [instructions[0]]
    #expect(plan.verify() == .instruction(instructions.count, .program))
  }

  @Test
  mutating func limitsHold() {
    plan.draft.model.vocabulary = 4_000_001
    #expect(plan.verify() == .limit(.vocabulary, found: 4_000_001, limit: 4_000_000))
    plan.draft.model.vocabulary = SmallPlan.vocabulary
    plan.draft.model.bodyBytesPerRow = (64 << 20) + 64
    #expect(plan.verify() == .limit(.arenaPerRow, found: (64 << 20) + 64, limit: 64 << 20))
    plan.draft.model.bodyBytesPerRow = 100
    #expect(plan.verify() == .model(.unaligned))
    plan.draft.model.stateBytesPerSlot = (4 << 30) + 64
    plan.draft.model.bodyBytesPerRow = 4096
    #expect(plan.verify() == .limit(.statePerSlot, found: (4 << 30) + 64, limit: 4 << 30))
  }

  @Test
  func workIsLimited() throws {
    let width: UInt32 = 4 << 20
    var draft = PlanDraft(
      model: ModelRecord(
        vocabulary: 1, width: width, layers: 1, bodyBytesPerRow: 20 << 20, headBytesPerRow: 64,
        logits: BufferID(2), stateBytesPerSlot: 0))
    let table = draft.addConstant("table", type: .i8, layout: .rowMajor, d0: 1, d1: width)
    let scale = draft.addConstant("scale", type: .f32, layout: .vector, d0: 1)
    let wide = draft.addBuffer("wide", type: .f32, width: width, offset: 0)
    let codes = draft.addBuffer("codes", type: .i8, width: width, offset: 16 << 20, scale: scale)
    _ = draft.addBuffer("logits", program: .head, type: .f32, width: 1, offset: 0)
    draft.append(
      .embed, name: "embed",
      [.table: .constant(table), .rowScale: .constant(scale), .output: .buffer(wide)])
    for _ in 0..<1000 {
      draft.append(
        .quantize, name: "quantize",
        [.input: .buffer(wide), .inverse: .constant(scale), .output: .buffer(codes)])
    }
    let one: [UInt8] = [0, 0, 0x80, 0x3F] + Array(repeating: 0, count: 60)
    let bytes = try PlanLayout(draft).assemble(constants: [Array(repeating: 0, count: Int(width)), one]) {
      _ in
      Array(repeating: 0, count: 32)
    }
    #expect(verify(bytes) == .limit(.verifierSteps, found: (1 << 28) + 1, limit: 1 << 28))
  }

  @Test
  mutating func stringsAreTextWithoutControlCharacters() {
    let id = plan.draft.string("two\nlines")
    #expect(plan.verify() == .string(id, .controlCharacter))
    var other = SmallPlan()
    let long = other.draft.string(String(repeating: "n", count: 1025))
    other.draft.buffers[2].name = long
    #expect(other.verify() == .buffer(BufferID(2), .name))
  }

  @Test(arguments: [[0xC0, 0x80], [0xED, 0xA0], [0xFF, 0x41], [0xE2, 0x82], [0xC2, 0x85]] as [[UInt8]])
  mutating func stringsAreUTF8(_ damage: [UInt8]) throws {
    let id = plan.draft.string("%%")
    var bytes = try plan.bytes()
    let place = bytes.indices.dropFirst(704).first { bytes[$0] == 0x25 && bytes[$0 + 1] == 0x25 } ?? 0
    bytes.replaceSubrange(place..<(place + 2), with: damage)
    let isControl = damage == [0xC2, 0x85]
    #expect(verify(bytes) == .string(id, isControl ? .controlCharacter : .encoding))
  }

  @Test
  mutating func metadataKeysDiffer() {
    plan.draft.addMetadata("tool", "again")
    #expect(plan.verify() == .metadata(2, .order))
  }

  @Test
  mutating func goldenFitsTheModel() {
    plan.draft.golden.logits.removeLast()
    #expect(plan.verify() == .golden(.length))
    plan.draft.golden.logits.append(.nan)
    #expect(plan.verify() == .golden(.logit(index: SmallPlan.vocabulary - 1)))
    plan.draft.golden.input[1] = SmallPlan.vocabulary
    #expect(plan.verify() == .golden(.token(index: 1)))
    plan.draft.golden = Golden()
    #expect(plan.verify() == nil)
  }

  @Test
  mutating func weightsOfFourBits() {
    let (width, weights) = (SmallPlan.width, Int(constant("in.weights").rawValue))
    plan.draft.constants[weights].type = .i4
    #expect(plan.verify() == .constant(constant("in.weights"), .type))
    plan.draft.constants[weights].layout = .panelsInt4
    let instruction = index("in", plan)
    #expect(plan.verify() == .instruction(instruction, .presence(.factors)))
    let factors = plan.draft.addConstant(
      "in.factors", type: .i8, layout: .groupFactors, d0: width, d1: 1)
    expect(.type(.factors), setting: .factors, of: "in", to: constant("out.weights").rawValue)
    let old = plan.draft.instructions[instruction]
    var words = old.words
    words[old.opcode.spec.index(of: .factors) ?? 13] = factors.rawValue
    plan.draft.instructions[instruction] = Instruction(
      opcode: old.opcode, program: old.program, name: old.name, words: words)
    #expect(plan.verify() == nil)
    expect(.presence(.factors), setting: .factors, of: "out", to: factors.rawValue)
    plan.draft.constants[Int(factors.rawValue)].d1 = 2
    #expect(plan.verify() == .instruction(instruction, .size(.factors, found: 2, expected: 1)))
    plan.draft.constants[Int(factors.rawValue)].d1 = 1
  }
}
