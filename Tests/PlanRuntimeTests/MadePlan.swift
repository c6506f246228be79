import PlanFormat

/// A small Mamba with random weights as a plan: every opcode that one needs, awkward sizes.
struct MadePlan {
  enum Kind: CaseIterable {
    /// Float32 activations, weights in float32, bfloat16 and float16.
    case float
    /// Int8 activations and weights.
    case int8
    /// Int8 weights; 16 bits into the head and from the Hadamard transform, whose input has a gain; states of halves
    /// in the first layer, of codes in the second.
    case wide
    /// Float32 activations, int8 weights and embedding.
    case weightsOnly
    /// Int8 activations and weights; scans by heads of 10 channels in groups of 20, so that a block meets two groups.
    case heads
  }

  static let width = 20
  static let channels = 40
  static let states = 5
  static let rank = 3
  static let taps = 4
  static let heads = 4
  static let groups = 2

  let kind: Kind
  let vocabulary: Int
  var builder: PlanBuilder
  private var isInt8: Bool { kind == .int8 || kind == .wide || kind == .heads }
  private var isWide: Bool { kind == .wide }

  init(_ kind: Kind, layers: Int = 2, vocabulary: Int = 37, seed: UInt64 = 7) {
    self.kind = kind
    self.vocabulary = vocabulary
    builder = PlanBuilder(seed: seed)
    builder.draft.model.vocabulary = UInt32(vocabulary)
    builder.draft.model.width = UInt32(Self.width)
    builder.draft.model.layers = UInt32(layers)
    let residual = addEmbedding()
    for layer in 0..<layers { addLayer(layer, residual) }
    addHead(residual)
    builder.draft.addMetadata("tool", "test")
    builder.draft.addMetadata("licence", "none")
    builder.draft.golden = Golden(
      input: [1, 2], logits: Array(repeating: 0.5, count: vocabulary))
  }

  static func bytes(_ kind: Kind) throws -> [UInt8] { try MadePlan(kind).builder.bytes() }

  private mutating func addEmbedding() -> BufferID {
    let residual = builder.buffer("residual", .f32, Self.width)
    let rows = matrix(vocabulary, Self.width, 1)
    if kind == .float {
      let table = builder.table("embedding", .bf16, rows)
      builder.draft.append(.embed, name: "embed", [.table: .constant(table), .output: .buffer(residual)])
    } else {
      let table = builder.table("embedding", .i8, rows.map { row in row.map { ($0 * 127).rounded() } })
      let scales = builder.random.signed(vocabulary, times: 0.002, plus: 0.01)
      let scale = builder.vector("embedding.scale", scales)
      builder.draft.append(
        .embed, name: "embed",
        [.table: .constant(table), .rowScale: .constant(scale), .output: .buffer(residual)])
    }
    return residual
  }

  private mutating func addLayer(_ layer: Int, _ residual: BufferID) {
    let mark = builder.mark
    let prefix = "layers.\(layer)."
    let normed = addNorm(prefix + "norm", residual)
    let x = linear(prefix + "in_proj.x", normed, Self.width, Self.channels, to: isInt8 ? .perChannel : .float)
    let z = linear(prefix + "in_proj.z", normed, Self.width, Self.channels, to: isInt8 ? .perTensor : .float)
    let (u, scanned) = addConv(prefix + "conv", x)
    if kind == .heads {
      addHeads(prefix, layer, normed, u: scanned, z: z, residual)
      return builder.release(to: mark)
    }
    let low = linear(prefix + "x_proj.dt", u, Self.channels, Self.rank, to: isInt8 ? .perTensor : .float)
    let b = linear(prefix + "x_proj.b", u, Self.channels, Self.states, to: isInt8 ? .perChannel : .float)
    let c = linear(prefix + "x_proj.c", u, Self.channels, Self.states, to: isInt8 ? .perChannel : .float)
    let dt = linear(prefix + "dt_proj", low, Self.rank, Self.channels, to: .float)
    let y = addScan(
      prefix + "scan", state: !isWide ? .f32 : layer == 0 ? .f16 : .i8, u: scanned, dt: dt, b: b, c: c, z: z)
    let rotated = addHadamard(prefix + "hadamard", y)
    _ = linear(prefix + "out_proj", rotated, Self.channels, Self.width, to: .float, into: residual)
    builder.release(to: mark)
  }

  /// The rest of a layer whose channels belong to heads: Δ, scan, the norm of each group, rotation, projection.
  private mutating func addHeads(
    _ prefix: String, _ layer: Int, _ normed: BufferID, u: BufferID, z: BufferID, _ residual: BufferID
  ) {
    let shared = Self.groups * Self.states
    let b = linear(prefix + "in_proj.b", normed, Self.width, shared, to: .perChannel)
    let c = linear(prefix + "in_proj.c", normed, Self.width, shared, to: .perChannel)
    let dt = linear(prefix + "in_proj.dt", normed, Self.width, Self.heads, to: .perChannel)
    let delta = builder.buffer(prefix + "delta", .f32, Self.heads)
    let bias = builder.vector(prefix + "dt_bias", builder.random.signed(Self.heads))
    builder.draft.append(
      .timeStep, name: prefix + "delta",
      [
        .input: .buffer(dt), .bias: .constant(bias), .minimum: .float(0.05), .maximum: .float(0.9),
        .output: .buffer(delta),
      ])
    let type: ElementType = layer == 0 ? .f32 : .i8
    let a = builder.vector(prefix + "a", builder.random.signed(Self.heads, times: 0.5, plus: -1))
    let d = builder.vector(prefix + "d", builder.random.signed(Self.heads))
    let state = addState(prefix + "scan", type)
    let y = builder.buffer(prefix + "scan", .f32, Self.channels)
    builder.draft.append(
      .headScan, name: prefix + "scan",
      [
        .u: .buffer(u), .delta: .buffer(delta), .b: .buffer(b), .c: .buffer(c), .z: .buffer(z),
        .a: .constant(a), .d: .constant(d), .groups: .integer(UInt32(Self.groups)), .state: state.offset,
        .output: .buffer(y), .stateType: .integer(type.rawValue), .stateScale: .constant(state.scale),
        .stateInverse: .constant(state.inverse),
      ])
    let gated = builder.buffer(prefix + "gated", .f32, Self.channels)
    let gain = builder.vector(prefix + "gated.gain", builder.random.signed(Self.channels, plus: 1))
    builder.draft.append(
      .norm, name: prefix + "gated",
      [
        .input: .buffer(y), .gain: .constant(gain), .epsilon: .float(1e-5), .output: .buffer(gated),
        .groups: .integer(UInt32(Self.groups)),
      ])
    let rotated = addHadamard(prefix + "hadamard", gated)
    _ = linear(prefix + "out_proj", rotated, Self.channels, Self.width, to: .float, into: residual)
  }

  private mutating func addHead(_ residual: BufferID) {
    let chosen = builder.buffer("chosen", .f32, Self.width, program: .head)
    builder.draft.append(
      .select, program: .head, name: "select", [.input: .buffer(residual), .output: .buffer(chosen)])
    let normed =
      isWide
      ? quantized("final", Self.width, .perTensor, program: .head, type: .i16)
      : builder.buffer("final", .f32, Self.width, program: .head)
    let gain = builder.vector("final.gain", builder.random.signed(Self.width, times: 0.2, plus: 1))
    builder.draft.append(
      .norm, program: .head, name: "final_norm",
      [
        .input: .buffer(chosen), .gain: .constant(gain), .epsilon: .float(1e-5),
        .inverse: .constant(isWide ? inverse(of: normed) : .absent), .output: .buffer(normed),
      ])
    var input = normed
    if isInt8 && !isWide {
      input = quantized("final.q", Self.width, .perTensor, program: .head)
      builder.draft.append(
        .quantize, program: .head, name: "quantize",
        [.input: .buffer(normed), .inverse: .constant(inverse(of: input)), .output: .buffer(input)])
    }
    builder.draft.model.logits = linear(
      "lm_head", input, Self.width, vocabulary, to: .float, program: .head)
  }

  private mutating func addNorm(_ name: String, _ input: BufferID) -> BufferID {
    let gain = builder.vector(name + ".gain", builder.random.signed(Self.width, times: 0.2, plus: 1))
    let output = isInt8 ? quantized(name, Self.width, .perTensor) : builder.buffer(name, .f32, Self.width)
    builder.draft.append(
      .norm, name: name,
      [
        .input: .buffer(input), .gain: .constant(gain), .epsilon: .float(1e-5),
        .inverse: .constant(isInt8 ? inverse(of: output) : .absent), .output: .buffer(output),
      ])
    return output
  }

  private mutating func addConv(_ name: String, _ input: BufferID) -> (BufferID, BufferID) {
    let weights = builder.taps(name + ".weight", matrix(Self.taps, Self.channels, 0.5))
    let bias = builder.vector(name + ".bias", builder.random.signed(Self.channels, times: 0.1))
    let state = builder.state(
      StateShape.historyBytes(
        taps: UInt32(Self.taps), channels: UInt32(Self.channels), type: isInt8 ? .i8 : .f32))
    guard isInt8 else {
      let output = builder.buffer(name, .f32, Self.channels)
      builder.draft.append(
        .conv, name: name,
        [
          .input: .buffer(input), .weights: .constant(weights), .bias: .constant(bias), .state: state,
          .output: .buffer(output),
        ])
      return (output, output)
    }
    let first = quantized(name + ".u", Self.channels, .perTensor)
    let second = quantized(name + ".scan", Self.channels, .perChannel)
    builder.draft.append(
      .conv, name: name,
      [
        .input: .buffer(input), .weights: .constant(weights), .state: state,
        .inverse: .constant(inverse(of: first)), .output: .buffer(first),
        .secondInverse: .constant(inverse(of: second)), .secondOutput: .buffer(second),
      ])
    return (first, second)
  }

  private mutating func addScan(
    _ name: String, state type: ElementType, u: BufferID, dt: BufferID, b: BufferID, c: BufferID, z: BufferID
  ) -> BufferID {
    let a = matrix(Self.channels, Self.states, 0.5).map { row in row.map { $0 - 1 } }
    let constants = (
      a: builder.channelBlocks(name + ".a", a),
      d: builder.vector(name + ".d", builder.random.signed(Self.channels)),
      dtBias: builder.vector(name + ".dt_bias", builder.random.signed(Self.channels))
    )
    let state = addState(name, type)
    let output = builder.buffer(name, .f32, Self.channels)
    builder.draft.append(
      .scan, name: name,
      [
        .u: .buffer(u), .dt: .buffer(dt), .b: .buffer(b), .c: .buffer(c), .z: .buffer(z),
        .a: .constant(constants.a), .d: .constant(constants.d), .dtBias: .constant(constants.dtBias),
        .state: state.offset, .output: .buffer(output), .stateType: .integer(type.rawValue),
        .stateScale: .constant(state.scale), .stateInverse: .constant(state.inverse),
      ])
    return output
  }

  private mutating func addState(
    _ name: String, _ type: ElementType
  ) -> (offset: Operand, scale: ConstantID, inverse: ConstantID) {
    let offset = builder.state(
      StateShape.hiddenBytes(channels: UInt32(Self.channels), states: UInt32(Self.states), type: type))
    guard type == .i8 else { return (offset, .absent, .absent) }
    let steps = builder.random.signed(Self.channels, times: 0.005, plus: 0.02)
    let scale = builder.vector(name + ".state", steps)
    return (offset, scale, builder.vector(name + ".inverse", steps.map { 1 / $0 }))
  }

  private mutating func addHadamard(_ name: String, _ input: BufferID) -> BufferID {
    let output =
      isInt8
      ? quantized(name, Self.channels, .perTensor, type: isWide ? .i16 : .i8)
      : builder.buffer(name, .f32, Self.channels)
    let gain = isWide ? builder.vector(name + ".gain", builder.random.signed(Self.channels)) : .absent
    let factor = isInt8 ? inverse(of: output) : builder.vector(name + ".factor", [0.158])
    builder.draft.append(
      .hadamard, name: name,
      [
        .input: .buffer(input), .factor: .constant(factor), .order: .integer(20), .block: .integer(40),
        .output: .buffer(output), .gain: .constant(gain),
      ])
    return output
  }
}

extension MadePlan {
  private enum Form { case float, perTensor, perChannel }

  private mutating func matrix(_ rows: Int, _ columns: Int, _ factor: Float) -> [[Float]] {
    (0..<rows).map { _ in builder.random.signed(columns, times: factor) }
  }

  /// A buffer of codes with scales of its own.
  private mutating func quantized(
    _ name: String, _ width: Int, _ form: Form, program: Program = .body, type: ElementType = .i8
  ) -> BufferID {
    let count = form == .perTensor ? 1 : width
    let step: Float = type == .i16 ? 4e-4 : 0.02
    let scale = builder.vector(name + ".scale", builder.random.signed(count, times: step / 4, plus: step))
    return builder.buffer(name, type, width, program: program, scale: scale)
  }

  private func scales(of buffer: BufferID) -> [Float] {
    let scale = Int(builder.draft.buffers[Int(buffer.rawValue)].scale.rawValue)
    let bytes = builder.constants[scale]
    return (0..<Int(builder.draft.constants[scale].d0)).map { index in
      Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[4 * index + $1]) << (8 * UInt32($1)) })
    }
  }

  private mutating func inverse(of buffer: BufferID) -> ConstantID {
    builder.vector("inverse.\(buffer.rawValue)", scales(of: buffer).map { Float(1 / Double($0)) })
  }

  /// A product with random weights; into a new buffer, or added to an old one.
  private mutating func linear(
    _ name: String, _ input: BufferID, _ inputs: Int, _ outputs: Int, to form: Form,
    into sum: BufferID? = nil,
    program: Program = .body
  ) -> BufferID {
    let output =
      sum
      ?? (form == .float
        ? builder.buffer(name, .f32, outputs, program: program)
        : quantized(name, outputs, form, program: program))
    var rows = matrix(outputs, inputs, (3 / Float(inputs)).squareRoot())
    let bias = builder.random.signed(outputs, times: 0.1)
    guard kind != .float else {
      let type = [ElementType.f32, .bf16, .f16][builder.draft.instructions.count % 3]
      let weights = builder.panels(name + ".weight", type, rows)
      let biasID = outputs == Self.width ? ConstantID.absent : builder.vector(name + ".bias", bias)
      append(
        name, program, [.input: .buffer(input), .weights: .constant(weights), .bias: .constant(biasID)],
        output, sum)
      return output
    }
    let rowScales = rows.map { row in (row.map(abs).max() ?? 1) / 127 }
    rows = zip(rows, rowScales).map { row, scale in row.map { ($0 / scale).rounded() } }
    let weights = builder.panels(name + ".weight", .i8, rows)
    let inputScale = isInt8 ? scales(of: input)[0] : 1
    let outputScales = form == .float ? [1] : scales(of: output)
    func outputScale(_ index: Int) -> Float { outputScales[outputScales.count == 1 ? 0 : index] }
    let multiplier = builder.vector(
      name + ".multiplier", rowScales.enumerated().map { $1 * inputScale / outputScale($0) }, padding: 1)
    let correction =
      isInt8 ? builder.integers(name + ".correction", rows.map { -128 * Int32($0.reduce(0, +)) }) : .absent
    let biasID = builder.vector(name + ".bias", bias.enumerated().map { $1 / outputScale($0) })
    append(
      name, program,
      [
        .input: .buffer(input), .weights: .constant(weights), .correction: .constant(correction),
        .multiplier: .constant(multiplier), .bias: .constant(biasID),
      ], output, sum)
    return output
  }

  private mutating func append(
    _ name: String, _ program: Program, _ operands: KeyValuePairs<Field, Operand>, _ output: BufferID,
    _ sum: BufferID?
  ) {
    let all = Instruction(.linear, program: program, name: builder.draft.string(name), operands)
    var words = all.words
    let spec = Opcode.linear.spec
    words[spec.index(of: .output) ?? 0] = output.rawValue
    words[spec.index(of: .accumulate) ?? 0] = sum == nil ? 0 : 1
    builder.draft.instructions.append(
      Instruction(opcode: .linear, program: program, name: all.name, words: words))
  }
}
