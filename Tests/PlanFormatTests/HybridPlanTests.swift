import PlanFormat
import Testing

/// What the verifier says of attention and experts.
@Suite
struct HybridPlanTests {
  /// A plan with attention over the embedding, two experts, and a head.
  private struct HybridPlan {
    static let width: UInt32 = 24
    var draft = PlanDraft(
      model: ModelRecord(
        vocabulary: 19, width: width, layers: 1, bodyBytesPerRow: 0, headBytesPerRow: 256,
        logits: BufferID(0),
        stateBytesPerSlot: 0,
        bytesPerPage: StateShape.pageBytes(keyHeads: 2, width: 12, type: .f32)))
    private var end: UInt32 = 0

    init() {
      let table = draft.addConstant("table", type: .bf16, layout: .rowMajor, d0: 19, d1: Self.width)
      let residual = add("residual")
      draft.append(.embed, name: "embed", [.table: .constant(table), .output: .buffer(residual)])
      let attended = add("attended")
      draft.append(
        .attend, name: "attend",
        [
          .q: .buffer(residual), .k: .buffer(residual), .v: .buffer(residual), .heads: .integer(2),
          .keyHeads: .integer(2), .scale: .float(0.5), .cache: .stateOffset(0), .output: .buffer(attended),
        ])
      let routes = add("routes")
      draft.append(
        .route, name: "route",
        [.input: .buffer(attended), .count: .integer(2), .output: .buffer(routes)])
      for expert in 0..<2 as Range<UInt32> {
        let rows = add("rows.\(expert)", rowSet: expert + 1)
        draft.append(
          .dispatch, name: "dispatch",
          [
            .input: .buffer(attended), .routes: .buffer(routes), .expert: .integer(expert),
            .output: .buffer(rows),
          ])
        let h = add("h.\(expert)", rowSet: expert + 1)
        draft.append(.gate, name: "gate", [.input: .buffer(rows), .z: .buffer(rows), .output: .buffer(h)])
        draft.append(
          .combine, name: "combine",
          [
            .input: .buffer(h), .routes: .buffer(routes), .expert: .integer(expert),
            .output: .buffer(residual),
          ])
      }
      addHead(residual)
      draft.model.bodyBytesPerRow = end
    }

    private mutating func add(_ name: String, rowSet: UInt32 = 0) -> BufferID {
      defer { end += UInt32(Buffer.bytesPerRow(type: .f32, width: Self.width)) }
      return draft.addBuffer(name, type: .f32, width: Self.width, offset: end, rowSet: rowSet)
    }

    private mutating func addHead(_ residual: BufferID) {
      let chosen = draft.addBuffer("chosen", program: .head, type: .f32, width: Self.width, offset: 0)
      let logits = draft.addBuffer("logits", program: .head, type: .f32, width: 19, offset: 128)
      draft.append(
        .select, program: .head, name: "select", [.input: .buffer(residual), .output: .buffer(chosen)])
      let weights = draft.addConstant("head", type: .f16, layout: .panelsFloat, d0: 19, d1: Self.width)
      draft.append(
        .linear, program: .head, name: "head",
        [.input: .buffer(chosen), .weights: .constant(weights), .output: .buffer(logits)])
      draft.model.logits = logits
    }

    /// What the verifier says.
    func verify() throws -> PlanError? {
      let layout = try PlanLayout(draft)
      let bytes = layout.assemble(
        constants: draft.constants.map { Array(repeating: 0, count: Int($0.byteCount ?? 0)) }
      ) { _ in Array(repeating: 0, count: 32) }
      return PlanFormatTests.verify(bytes)
    }

    /// Sets one word of an instruction.
    mutating func set(_ field: Field, of index: Int, to word: UInt32) {
      let old = draft.instructions[index]
      var words = old.words
      words[old.opcode.spec.index(of: field) ?? 13] = word
      draft.instructions[index] = Instruction(
        opcode: old.opcode, program: old.program, name: old.name, words: words)
    }
  }

  /// Places of instructions.
  private enum At { static let (attend, route, dispatch, gate, combine) = (1, 2, 3, 4, 5) }

  @Test
  func aSoundPlanIsAccepted() throws { #expect(try HybridPlan().verify() == nil) }

  private static let wordCases: [(Int, Field, UInt32, InstructionProblem)] = [
    (At.attend, .heads, 3, .range(.heads, found: 3)), (At.attend, .heads, 0, .range(.heads, found: 0)),
    (At.attend, .keyHeads, 1, .range(.keyHeads, found: 1)),
    (At.attend, .keyHeads, 4, .range(.heads, found: 2)),
    (At.attend, .cache, 1, .state(offset: 64)),
    (At.attend, .scale, Float.nan.bitPattern, .range(.scale, found: Float.nan.bitPattern)),
    (At.route, .count, 25, .range(.count, found: 25)), (At.route, .count, 0, .range(.count, found: 0)),
    (At.dispatch, .expert, 24, .range(.expert, found: 24)),
    (At.combine, .expert, 24, .range(.expert, found: 24)),
    // Rows of an expert where all are needed, and the other way round.
    (At.gate, .z, 0, .rowSet(.z)), (At.combine, .routes, 3, .rowSet(.routes)),
    (At.combine, .input, 1, .rowSet(.input)), (At.combine, .output, 3, .rowSet(.output)),
    (At.dispatch, .input, 3, .rowSet(.input)),
    // A set that is made again, or before its turn.
    (At.dispatch + 3, .output, 3, .rowSet(.output)), (At.dispatch, .output, 5, .rowSet(.output)),
  ]

  @Test(arguments: wordCases)
  func wrongWords(_ index: Int, _ field: Field, _ word: UInt32, _ problem: InstructionProblem) throws {
    var plan = HybridPlan()
    plan.set(field, of: index, to: word)
    #expect(try plan.verify() == .instruction(index, problem))
  }

  @Test
  func rowsOfASetBeforeItIsMade() throws {
    var plan = HybridPlan()
    plan.set(.input, of: At.gate, to: 5)
    plan.set(.z, of: At.gate, to: 5)
    plan.set(.output, of: At.gate, to: 6)
    #expect(try plan.verify() == .instruction(At.gate, .rowSet(.input)))
  }

  @Test
  func pagesAreWhatTheyHold() throws {
    var plan = HybridPlan()
    plan.draft.model.bytesPerPage += 64
    #expect(try plan.verify() == .model(.pages))
    plan.draft.model.bytesPerPage -= 128
    #expect(try plan.verify() == .instruction(At.attend, .state(offset: 0)))
    plan.draft.model.bytesPerPage += 1
    #expect(try plan.verify() == .model(.unaligned))
    plan.draft.model.bytesPerPage = 1 << 31
    #expect(
      try plan.verify() == .limit(.bytesPerPage, found: 1 << 31, limit: PlanLimits.bytesPerPage))
  }

  @Test
  func setsThatNobodyMakes() throws {
    var plan = HybridPlan()
    _ = plan.draft.addBuffer("spare", type: .f32, width: 24, offset: 0, rowSet: 3)
    let last = BufferID(UInt32(plan.draft.buffers.count - 1))
    #expect(try plan.verify() == .buffer(last, .rowSet))
    plan.draft.buffers[Int(last.rawValue)].rowSet = 2
    #expect(try plan.verify() == nil)
  }

  @Test
  func logitsAreOfAllRows() throws {
    var plan = HybridPlan()
    plan.draft.buffers[plan.draft.buffers.count - 1].rowSet = 1
    #expect(try plan.verify() == .instruction(plan.draft.instructions.count - 1, .rowSet(.input)))
  }
}
