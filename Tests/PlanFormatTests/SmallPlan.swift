import PlanFormat

/// A plan with one instruction of every opcode that a Mamba needs; its scales are one, its other constants zero.
struct SmallPlan {
  static let vocabulary: UInt32 = 19
  static let width: UInt32 = 24

  var draft = PlanDraft(
    model: ModelRecord(
      vocabulary: vocabulary, width: width, layers: 1, bodyBytesPerRow: 0, headBytesPerRow: 256,
      logits: BufferID(0), stateBytesPerSlot: 0))
  private var end: UInt32 = 0
  private(set) var scale = ConstantID.absent

  init() {
    scale = vector("scale", 1)
    let residual = add("residual", .f32)
    draft.append(.embed, name: "embed", [.table: .constant(table()), .output: .buffer(residual)])
    let normed = add("normed", .i8)
    draft.append(
      .norm, name: "norm",
      [
        .input: .buffer(residual), .gain: .constant(vector("gain", Self.width)), .epsilon: .float(1e-5),
        .inverse: .constant(scale), .output: .buffer(normed),
      ])
    let x = linear("in", normed, to: add("x", .i8))
    let (u, scanned) = conv(x)
    let y = scan(u: u, x: scanned)
    let rotated = add("rotated", .f32)
    draft.append(
      .hadamard, name: "hadamard",
      [
        .input: .buffer(y), .factor: .constant(scale), .order: .integer(12), .block: .integer(24),
        .output: .buffer(rotated),
      ])
    let codes = add("codes", .i8)
    draft.append(
      .quantize, name: "quantize",
      [.input: .buffer(rotated), .inverse: .constant(scale), .output: .buffer(codes)])
    _ = linear("out", codes, to: residual, accumulates: true)
    addHead(residual)
    draft.model.bodyBytesPerRow = end
    draft.addMetadata("tool", "small plan")
    draft.addMetadata("origin", "tests")
    draft.golden = Golden(input: [1, 2, 3], logits: Array(repeating: 0.25, count: Int(Self.vocabulary)))
  }

  /// The file's bytes.
  func bytes() throws(PlanError) -> [UInt8] {
    let layout = try PlanLayout(draft)
    return layout.assemble(constants: draft.constants.map(content)) {
      Array(repeating: UInt8(truncatingIfNeeded: $0.count), count: 32)
    }
  }

  /// What the verifier says.
  func verify() -> PlanError? {
    do throws(PlanError) {
      return PlanFormatTests.verify(try bytes())
    } catch {
      return error
    }
  }

  private func content(_ constant: Constant) -> [UInt8] {
    let count = Int(constant.byteCount ?? 0)
    guard constant.layout == .vector, constant.type == .f32 else { return Array(repeating: 0, count: count) }
    let padding: [UInt8] =
      draft.strings[Int(constant.name.rawValue)].hasSuffix("multiplier") ? one : [0, 0, 0, 0]
    return (0..<(count / 4)).flatMap { $0 < Int(constant.d0) ? one : padding }
  }

  private let one: [UInt8] = [0, 0, 0x80, 0x3F]
}

/// What the verifier says of a file, nil when it is right.
func verify(_ bytes: [UInt8]) -> PlanError? {
  do {
    _ = try bytes.withUnsafeBytes { try PlanView(verifying: $0) }
    return nil
  } catch {
    return error as? PlanError
  }
}

extension SmallPlan {
  private mutating func add(_ name: String, _ type: ElementType) -> BufferID {
    defer { end += UInt32(Buffer.bytesPerRow(type: type, width: Self.width)) }
    return draft.addBuffer(
      name, type: type, width: Self.width, offset: end, scale: type == .i8 ? scale : .absent)
  }

  private mutating func vector(_ name: String, _ count: UInt32, type: ElementType = .f32) -> ConstantID {
    draft.addConstant(name, type: type, layout: .vector, d0: count)
  }

  private mutating func table() -> ConstantID {
    draft.addConstant("table", type: .bf16, layout: .rowMajor, d0: Self.vocabulary, d1: Self.width)
  }

  private mutating func linear(
    _ name: String, _ input: BufferID, to output: BufferID, accumulates: Bool = false
  ) -> BufferID {
    let weights = draft.addConstant(
      name + ".weights", type: .i8, layout: .panelsInt8, d0: Self.width, d1: Self.width)
    draft.append(
      .linear, name: name,
      [
        .input: .buffer(input), .weights: .constant(weights),
        .correction: .constant(vector(name + ".correction", Self.width, type: .i32)),
        .multiplier: .constant(vector(name + ".multiplier", Self.width)),
        .bias: .constant(vector(name + ".bias", Self.width)), .accumulate: .integer(accumulates ? 1 : 0),
        .output: .buffer(output),
      ])
    return output
  }

  private mutating func conv(_ input: BufferID) -> (BufferID, BufferID) {
    let weights = draft.addConstant("conv.weights", type: .f32, layout: .taps, d0: 4, d1: Self.width)
    let (first, second) = (add("u", .i8), add("u.scan", .f32))
    draft.append(
      .conv, name: "conv",
      [
        .input: .buffer(input), .weights: .constant(weights), .state: .stateOffset(0),
        .inverse: .constant(scale),
        .output: .buffer(first), .secondOutput: .buffer(second),
      ])
    draft.model.stateBytesPerSlot = StateShape.historyBytes(taps: 4, channels: Self.width, type: .i8)
    return (first, second)
  }

  /// A scan whose B and C are as wide as the channels, to keep the plan small.
  private mutating func scan(u: BufferID, x: BufferID) -> BufferID {
    let a = draft.addConstant("a", type: .f32, layout: .channelBlocks, d0: Self.width, d1: Self.width)
    let y = add("y", .f32)
    draft.append(
      .scan, name: "scan",
      [
        .u: .buffer(u), .dt: .buffer(x), .b: .buffer(u), .c: .buffer(x), .z: .buffer(x), .a: .constant(a),
        .d: .constant(vector("d", Self.width)), .dtBias: .constant(vector("dt_bias", Self.width)),
        .state: .stateOffset(draft.model.stateBytesPerSlot), .output: .buffer(y),
      ])
    draft.model.stateBytesPerSlot += StateShape.hiddenBytes(channels: Self.width, states: Self.width)
    return y
  }

  private mutating func addHead(_ residual: BufferID) {
    let chosen = draft.addBuffer("chosen", program: .head, type: .f32, width: Self.width, offset: 0)
    let logits = draft.addBuffer("logits", program: .head, type: .f32, width: Self.vocabulary, offset: 128)
    draft.append(
      .select, program: .head, name: "select", [.input: .buffer(residual), .output: .buffer(chosen)])
    let weights = draft.addConstant(
      "head", type: .f16, layout: .panelsFloat, d0: Self.vocabulary, d1: Self.width)
    draft.append(
      .linear, program: .head, name: "head",
      [.input: .buffer(chosen), .weights: .constant(weights), .output: .buffer(logits)])
    draft.model.logits = logits
  }
}
