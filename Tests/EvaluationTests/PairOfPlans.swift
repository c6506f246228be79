import PlanFormat
import PlanRuntime

/// Small float plans, embed → conv → head, whose convolution makes each prediction depend on earlier tokens.
enum PairOfPlans {
  /// Makes a plan; different seeds give different weights, `spoiled` an infinite one.
  static func make(
    seed: UInt64, vocabulary: UInt32 = 50, spoiled: Bool = false, logitsName: String = "logits"
  ) throws -> Plan {
    var noise = Noise(state: seed)
    var draft = PlanDraft(
      model: ModelRecord(
        vocabulary: vocabulary, width: 16, layers: 1, bodyBytesPerRow: 128, headBytesPerRow: 384,
        logits: .absent, stateBytesPerSlot: 128))
    let e = draft.addBuffer("e", type: .f32, width: 16, offset: 0)
    let u = draft.addBuffer("u", type: .f32, width: 16, offset: 64)
    let h = draft.addBuffer("h", program: .head, type: .f32, width: 16, offset: 0)
    let logits = draft.addBuffer(logitsName, program: .head, type: .f32, width: vocabulary, offset: 64)
    draft.model.logits = logits
    let table = draft.addConstant("table", type: .f32, layout: .rowMajor, d0: vocabulary, d1: 16)
    let taps = draft.addConstant("taps", type: .f32, layout: .taps, d0: 3, d1: 16)
    let head = draft.addConstant("head", type: .f32, layout: .panelsFloat, d0: vocabulary, d1: 16)
    draft.append(.embed, name: "embed", [.table: .constant(table), .output: .buffer(e)])
    draft.append(
      .conv, name: "conv",
      [.input: .buffer(e), .weights: .constant(taps), .state: .stateOffset(0), .output: .buffer(u)])
    draft.append(.select, program: .head, name: "select", [.input: .buffer(u), .output: .buffer(h)])
    draft.append(
      .linear, program: .head, name: "head",
      [.input: .buffer(h), .weights: .constant(head), .accumulate: .integer(0), .output: .buffer(logits)])
    var constants = draft.constants.map { noise.floats(Int($0.byteCount ?? 0) / 4) }
    if spoiled { constants[0][0] = .infinity }
    let bytes = constants.map { floats in floats.withUnsafeBytes { Array($0) } }
    return try Plan(
      bytes: try PlanLayout(draft).assemble(constants: bytes) { _ in [UInt8](repeating: 0, count: 32) })
  }

  /// A text of pseudo-random tokens from 1 on.
  static func text(_ count: Int, vocabulary: UInt64 = 50) -> [UInt32] {
    var noise = Noise(state: 11)
    return (0..<count).map { _ in UInt32(1 + noise.next() % (vocabulary - 1)) }
  }
}

/// Reproducible numbers.
private struct Noise {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 33
  }

  /// `count` numbers from −1.5 to 1.5.
  mutating func floats(_ count: Int) -> [Float] {
    (0..<count).map { _ in Float(next() % 30_001) / 10_000 - 1.5 }
  }
}
