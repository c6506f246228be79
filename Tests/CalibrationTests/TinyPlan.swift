import PlanFormat
import PlanRuntime

/// A float plan with a state, of one block, small enough to reason about.
///
///     embed → r; norm → n; linear → x; conv → u; linear, added to r as "sum"
///     head: select → chosen; norm → normed; linear → logits
enum TinyPlan {
  static let (vocabulary, width, inner): (UInt32, UInt32, UInt32) = (40, 20, 24)

  /// Makes the plan; `scale` multiplies the embedding.
  static func make(scale: Float = 1, duplicate: String? = nil) throws -> Plan {
    var builder = Builder()
    builder.appendBody(scale: scale, nameOfX: duplicate ?? "x")
    builder.appendHead()
    return try builder.plan()
  }

  /// Passages of pseudo-random tokens.
  static func passages(_ count: Int, length: Int) -> [[UInt32]] {
    var noise = Noise(state: 7)
    return (0..<count).map { _ in (0..<length).map { _ in UInt32(noise.next() % UInt64(vocabulary)) } }
  }
}

/// Reproducible numbers.
struct Noise {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 33
  }

  /// `count` numbers from −`scale` to `scale`, padded with zeros.
  mutating func floats(_ count: Int, scale: Float, paddedTo padded: Int? = nil) -> [Float] {
    let values = (0..<count).map { _ in (Float(next() % 20_001) / 10_000 - 1) * scale }
    return values + Array(repeating: 0, count: (padded ?? count) - count)
  }
}

private struct Builder {
  var draft = PlanDraft(
    model: ModelRecord(
      vocabulary: TinyPlan.vocabulary, width: TinyPlan.width, layers: 1, bodyBytesPerRow: 512,
      headBytesPerRow: 448, logits: .absent, stateBytesPerSlot: 256))
  var constants: [[UInt8]] = []
  var noise = Noise(state: 1)
  var residual = BufferID.absent

  mutating func constant(
    _ name: String, _ layout: ConstantLayout, _ d0: UInt32, _ d1: UInt32 = 0, scale: Float = 1
  ) -> ConstantID {
    let elements =
      Int(Constant(name: StringID(0), type: .f32, layout: layout, d0: d0, d1: d1).byteCount ?? 0) / 4
    // A vector's padding is zero; the other padding meets activations that are zero.
    let used = layout == .vector ? Int(d0) : elements
    let floats = noise.floats(used, scale: scale, paddedTo: elements)
    constants.append(floats.withUnsafeBytes { Array($0) })
    return draft.addConstant(name, type: .f32, layout: layout, d0: d0, d1: d1)
  }

  mutating func appendBody(scale: Float, nameOfX: String) {
    let (width, inner) = (TinyPlan.width, TinyPlan.inner)
    residual = draft.addBuffer("r", type: .f32, width: width, offset: 0)
    let n = draft.addBuffer("n", type: .f32, width: width, offset: 128)
    let x = draft.addBuffer(nameOfX, type: .f32, width: inner, offset: 256)
    let u = draft.addBuffer("u", type: .f32, width: inner, offset: 384)
    let table = constant("table", .rowMajor, TinyPlan.vocabulary, width, scale: scale)
    draft.append(.embed, name: "embed", [.table: .constant(table), .output: .buffer(residual)])
    appendNorm("n", from: residual, to: n, .body)
    appendLinear("in", from: n, to: x, .body, outputs: inner, inputs: width)
    let taps = constant("taps", .taps, 3, inner)
    let bias = constant("bias", .vector, inner)
    draft.append(
      .conv, name: "conv",
      [
        .input: .buffer(x), .weights: .constant(taps), .bias: .constant(bias), .state: .stateOffset(0),
        .output: .buffer(u),
      ])
    appendLinear("sum", from: u, to: residual, .body, outputs: width, inputs: inner, accumulate: 1)
  }

  mutating func appendHead() {
    let chosen = draft.addBuffer("chosen", program: .head, type: .f32, width: TinyPlan.width, offset: 0)
    let normed = draft.addBuffer("normed", program: .head, type: .f32, width: TinyPlan.width, offset: 128)
    let logits = draft.addBuffer(
      "logits", program: .head, type: .f32, width: TinyPlan.vocabulary, offset: 256)
    draft.append(
      .select, program: .head, name: "select", [.input: .buffer(residual), .output: .buffer(chosen)])
    appendNorm("normed", from: chosen, to: normed, .head)
    appendLinear(
      "head", from: normed, to: logits, .head, outputs: TinyPlan.vocabulary, inputs: TinyPlan.width)
    draft.model.logits = logits
  }

  mutating func appendNorm(_ name: String, from input: BufferID, to output: BufferID, _ program: Program) {
    let gain = constant("\(name).gain", .vector, TinyPlan.width)
    draft.append(
      .norm, program: program, name: name,
      [.input: .buffer(input), .gain: .constant(gain), .epsilon: .float(1e-5), .output: .buffer(output)])
  }

  mutating func appendLinear(
    _ name: String, from input: BufferID, to output: BufferID, _ program: Program, outputs: UInt32,
    inputs: UInt32, accumulate: UInt32 = 0
  ) {
    let weights = constant("\(name).weights", .panelsFloat, outputs, inputs, scale: 0.5)
    draft.append(
      .linear, program: program, name: name,
      [
        .input: .buffer(input), .weights: .constant(weights), .accumulate: .integer(accumulate),
        .output: .buffer(output),
      ])
  }

  func plan() throws -> Plan {
    let none = [UInt8](repeating: 0, count: 32)
    return try Plan(bytes: try PlanLayout(draft).assemble(constants: constants) { _ in none })
  }
}
