import PlanFormat
import Testing

/// A plan with a scan by heads that is right but for one thing.
@Suite
struct HeadScanVerifierTests {
  private var plan = SmallPlan()

  init() {
    let place = plan.draft.instructions.firstIndex { $0.opcode == .scan } ?? 0
    let head = Array(plan.draft.instructions[(place + 1)...])
    plan.draft.instructions.removeSubrange((place + 1)...)
    let names = plan.draft.strings
    let ids = { (name: String, list: [StringID]) in
      UInt32(list.firstIndex { names[Int($0.rawValue)] == name } ?? 0)
    }
    let buffers = plan.draft.buffers.map(\.name)
    let gain = ConstantID(ids("gain", plan.draft.constants.map(\.name)))
    let (x, u) = (BufferID(ids("x", buffers)), BufferID(ids("u.scan", buffers)))
    let end = plan.draft.model.bodyBytesPerRow
    let delta = plan.draft.addBuffer("delta", type: .f32, width: SmallPlan.width, offset: end)
    let output = plan.draft.addBuffer("heads", type: .f32, width: SmallPlan.width, offset: end + 128)
    plan.draft.model.bodyBytesPerRow = end + 256
    plan.draft.append(
      .timeStep, name: "delta",
      [
        .input: .buffer(x), .bias: .constant(gain), .minimum: .float(0), .maximum: .float(.infinity),
        .output: .buffer(delta),
      ])
    let state = plan.draft.model.stateBytesPerSlot
    plan.draft.append(
      .headScan, name: "heads",
      [
        .u: .buffer(u), .delta: .buffer(delta), .b: .buffer(x), .c: .buffer(x), .a: .constant(gain),
        .d: .constant(gain), .groups: .integer(4), .state: .stateOffset(state), .output: .buffer(output),
      ])
    // 24 channels with 6 states each.
    plan.draft.model.stateBytesPerSlot = state + 2 * 6 * 64
    plan.draft.instructions += head
  }

  private mutating func expect(
    _ problem: InstructionProblem, setting field: Field, of opcode: Opcode, to word: UInt32,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let index = plan.draft.instructions.firstIndex { $0.opcode == opcode } ?? 0
    let old = plan.draft.instructions[index]
    var words = old.words
    words[opcode.spec.index(of: field) ?? 13] = word
    plan.draft.instructions[index] = Instruction(
      opcode: opcode, program: old.program, name: old.name, words: words)
    #expect(plan.verify() == .instruction(index, problem), sourceLocation: sourceLocation)
    plan.draft.instructions[index] = old
  }

  @Test
  func opcodesDoNotComeBeforeTheirVersion() throws {
    var bytes = try plan.bytes()
    let first = plan.draft.instructions.firstIndex { $0.opcode == .timeStep } ?? 0
    for (minor, problem) in [(2, nil), (1, PlanError.instruction(first, .record))] as [(UInt8, PlanError?)] {
      bytes[10] = minor
      PlanMending.mendChecksum(&bytes)
      #expect(verify(bytes) == problem)
    }
  }

  @Test
  mutating func groupsAndLimits() {
    #expect(plan.verify() == nil)
    for groups: UInt32 in [0, 1025] {
      expect(.range(.groups, found: groups), setting: .groups, of: .headScan, to: groups)
    }
    expect(.range(.groups, found: 5), setting: .groups, of: .headScan, to: 5)
    expect(.range(.groups, found: 5), setting: .groups, of: .norm, to: 5)
    expect(.range(.groups, found: 1025), setting: .groups, of: .norm, to: 1025)
    let offset = plan.draft.model.stateBytesPerSlot - 2 * 6 * 64
    expect(.state(offset: offset), setting: .groups, of: .headScan, to: 3)
    let nan = Float.nan.bitPattern
    expect(.range(.minimum, found: nan), setting: .minimum, of: .timeStep, to: nan)
    expect(.range(.stateType, found: 1), setting: .stateType, of: .headScan, to: 1)
    expect(.presence(.stateScale), setting: .stateType, of: .headScan, to: 3)
  }
}
