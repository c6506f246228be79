/// Element types of a product's weights and of embedding tables, in source width or quantized.
private let weightTypes: [ElementType] = [.f32, .bf16, .f16, .i8]

extension Opcode {
  /// Everything that is known about this opcode.
  public var spec: OpcodeSpec {
    switch self {
    case .embed: .embed
    case .norm: .norm
    case .linear: .linear
    case .conv: .conv
    case .scan: .scan
    case .hadamard: .hadamard
    case .quantize: .quantize
    case .select: .select
    case .headScan: .headScan
    case .timeStep: .timeStep
    case .gate: .gate
    case .attend: .attend
    case .route: .route
    case .dispatch: .dispatch
    case .combine: .combine
    }
  }
}

extension OpcodeSpec {
  /// The inverse scale of an output of codes that `field` names.
  static func inverse(of field: Field, _ width: Dimension = .width) -> WordKind {
    .constant([.vector], types: [.f32], shape: .oneOr(width), .exactlyWhenCodes([field]), values: .positive)
  }

  /// A float32 vector of any finite or other values.
  private static func vector(_ dimension: Dimension, _ presence: Presence = .required) -> WordKind {
    .constant([.vector], types: [.f32], shape: .exactly(dimension), presence)
  }

  /// Scales of a state of codes, or their inverses.
  private static var stateFactor: WordKind {
    .constant(
      [.vector], types: [.f32], shape: .exactly(.width), .exactlyWhenCodes([.stateType]), values: .positive)
  }

  static let embed = OpcodeSpec(
    opcode: .embed, name: "embed",
    summary: "Copies the table's row of each token, widened to float32; int8 rows times the row's scale.",
    programs: [.body],
    words: [
      WordSpec(
        field: .table,
        kind: .constant([.rowMajor], types: weightTypes, shape: .matrix(.vocabulary, .modelWidth))),
      WordSpec(
        field: .rowScale,
        kind: .constant(
          [.vector], types: [.f32], shape: .exactly(.vocabulary), .exactlyWhenCodes([.table]),
          values: .positive)),
      WordSpec(field: .output, kind: .output(types: [.f32], width: .modelWidth)),
    ], codesImply: [], ranges: [])

  static let norm = OpcodeSpec(
    opcode: .norm, name: "norm",
    summary: "RMS norm of the row, or of each of its equal parts by itself, with a gain per channel.",
    programs: [.body, .head],
    words: [
      WordSpec(field: .input, kind: .input(types: [.f32], width: .width)),
      WordSpec(field: .gain, kind: vector(.width)),
      WordSpec(field: .epsilon, kind: .positiveFloat),
      WordSpec(field: .inverse, kind: inverse(of: .output)),
      WordSpec(field: .output, kind: .output(types: [.f32, .i8, .i16], width: .width)),
      WordSpec(field: .groups, kind: .integer(0...PlanLimits.groups), since: 2),
    ], codesImply: [], ranges: [], rows: .any)

  static let linear = OpcodeSpec(
    opcode: .linear, name: "linear",
    summary:
      "Matrix product; int8 and int4 weights with a multiplier and a bias per output, int4 ones with a factor for each group of 128 inputs, float weights with a bias.",
    programs: [.body, .head],
    words: [
      WordSpec(field: .input, kind: .input(types: [.f32, .i8, .i16], width: .width)),
      WordSpec(
        field: .weights,
        kind: .constant(
          [.panelsInt8, .panelsFloat, .panelsInt4], types: weightTypes + [.i4],
          shape: .matrix(.outputs, .width))),
      WordSpec(
        field: .correction,
        kind: .constant(
          [.vector], types: [.i32], shape: .exactly(.outputs), .exactlyWhenCodes([.weights, .input]))),
      WordSpec(
        field: .multiplier,
        kind: .constant(
          [.vector], types: [.f32], shape: .exactly(.outputs), .exactlyWhenCodes([.weights]),
          values: .positivePaddedWithOne)),
      WordSpec(field: .bias, kind: vector(.outputs, .atLeastWhenCodes([.weights]))),
      WordSpec(field: .accumulate, kind: .accumulate(into: .output)),
      WordSpec(field: .output, kind: .output(types: [.f32, .i8], width: .outputs)),
      WordSpec(
        field: .factors,
        kind: .constant([.groupFactors], types: [.i8], shape: .matrix(.outputs, .weightGroups), .optional),
        since: 3),
    ], codesImply: [(.input, .weights), (.output, .weights)],
    ranges: [(.width, PlanLimits.productInputs)], rows: .any)

  static let conv = OpcodeSpec(
    opcode: .conv, name: "conv",
    summary: "Causal depthwise convolution, then SiLU; may write its result twice.",
    programs: [.body],
    words: [
      WordSpec(field: .input, kind: .input(types: [.f32, .i8], width: .width)),
      WordSpec(field: .weights, kind: .constant([.taps], types: [.f32], shape: .matrix(.taps, .width))),
      WordSpec(field: .bias, kind: vector(.width, .optional)),
      WordSpec(field: .state, kind: .state(.history)),
      WordSpec(field: .inverse, kind: inverse(of: .output)),
      WordSpec(field: .output, kind: .output(types: [.f32, .i8, .i16], width: .width)),
      WordSpec(field: .secondInverse, kind: inverse(of: .secondOutput)),
      WordSpec(field: .secondOutput, kind: .output(types: [.f32, .i8, .i16], width: .width, .optional)),
    ], codesImply: [], ranges: [(.taps, PlanLimits.taps)])

  static let scan = OpcodeSpec(
    opcode: .scan, name: "scan",
    summary:
      "Selective scan over each segment, gated by SiLU(z) where z is there; its state is rounded to its type after every token.",
    programs: [.body],
    words: [
      WordSpec(field: .u, kind: .input(types: [.f32, .i8], width: .width)),
      WordSpec(field: .dt, kind: .input(types: [.f32, .i8], width: .width)),
      WordSpec(field: .b, kind: .input(types: [.f32, .i8], width: .states)),
      WordSpec(field: .c, kind: .input(types: [.f32, .i8], width: .states)),
      WordSpec(field: .z, kind: .input(types: [.f32, .i8], width: .width, .optional)),
      WordSpec(
        field: .a, kind: .constant([.channelBlocks], types: [.f32], shape: .matrix(.width, .states))),
      WordSpec(field: .d, kind: vector(.width)),
      WordSpec(field: .dtBias, kind: vector(.width)),
      WordSpec(field: .state, kind: .state(.hidden)),
      WordSpec(field: .output, kind: .output(types: [.f32], width: .width)),
      WordSpec(field: .stateType, kind: .elementType([.f32, .f16, .i8]), since: 1),
      WordSpec(field: .stateScale, kind: stateFactor, since: 1),
      WordSpec(field: .stateInverse, kind: stateFactor, since: 1),
      WordSpec(field: .peak, kind: .output(types: [.f32], width: .width, .optional), since: 1),
    ], codesImply: [], ranges: [(.states, PlanLimits.states)])

  static let hadamard = OpcodeSpec(
    opcode: .hadamard, name: "hadamard",
    summary:
      "Block-diagonal Hadamard transform of the input times a gain, then times a factor, which for codes holds the inverse scale.",
    programs: [.body, .head],
    words: [
      WordSpec(field: .input, kind: .input(types: [.f32], width: .width)),
      WordSpec(
        field: .factor,
        kind: .constant([.vector], types: [.f32], shape: .oneOr(.width), values: .positive)),
      WordSpec(field: .order, kind: .integer(1...60)),
      WordSpec(field: .block, kind: .integer(1...(1 << 24))),
      WordSpec(field: .output, kind: .output(types: [.f32, .i8, .i16], width: .width)),
      WordSpec(field: .gain, kind: vector(.width, .optional), since: 1),
    ], codesImply: [], ranges: [], rows: .any)

  static let quantize = OpcodeSpec(
    opcode: .quantize, name: "quantize",
    summary: "Rounds float32 to codes with one inverse scale or one per channel.",
    programs: [.body, .head],
    words: [
      WordSpec(field: .input, kind: .input(types: [.f32], width: .width)),
      WordSpec(field: .inverse, kind: inverse(of: .output)),
      WordSpec(field: .output, kind: .output(types: [.i8, .i16], width: .width)),
    ], codesImply: [], ranges: [], rows: .any)

  static let select = OpcodeSpec(
    opcode: .select, name: "select",
    summary: "Copies the chosen rows of the body; the head's first instruction.",
    programs: [.head],
    words: [
      WordSpec(field: .input, kind: .input(types: [.f32], width: .width, of: .body)),
      WordSpec(field: .output, kind: .output(types: [.f32], width: .width)),
    ], codesImply: [], ranges: [])

  static let headScan = OpcodeSpec(
    opcode: .headScan, name: "headScan",
    summary:
      "Selective scan over each segment whose channels belong to heads with one Δ, A and D each, the heads to groups with one B and C each; gated by SiLU(z) where z is there.",
    programs: [.body],
    words: [
      WordSpec(field: .u, kind: .input(types: [.f32, .i8], width: .width)),
      WordSpec(field: .delta, kind: .input(types: [.f32], width: .heads)),
      WordSpec(field: .b, kind: .input(types: [.f32, .i8], width: .groupStates)),
      WordSpec(field: .c, kind: .input(types: [.f32, .i8], width: .groupStates)),
      WordSpec(field: .z, kind: .input(types: [.f32, .i8], width: .width, .optional)),
      WordSpec(field: .a, kind: vector(.heads)),
      WordSpec(field: .d, kind: vector(.heads)),
      WordSpec(field: .groups, kind: .integer(1...PlanLimits.groups)),
      WordSpec(field: .state, kind: .state(.hidden)),
      WordSpec(field: .output, kind: .output(types: [.f32], width: .width)),
      WordSpec(field: .stateType, kind: .elementType([.f32, .f16, .i8])),
      WordSpec(field: .stateScale, kind: stateFactor),
      WordSpec(field: .stateInverse, kind: stateFactor),
      WordSpec(field: .peak, kind: .output(types: [.f32], width: .width, .optional)),
    ], codesImply: [], ranges: [], since: 2)

  static let timeStep = OpcodeSpec(
    opcode: .timeStep, name: "timeStep",
    summary:
      "Δ of each head: softplus of the input and a bias, no less than a minimum, no more than a maximum.",
    programs: [.body],
    words: [
      WordSpec(field: .input, kind: .input(types: [.f32, .i8], width: .width)),
      WordSpec(field: .bias, kind: vector(.width)),
      WordSpec(field: .minimum, kind: .bound),
      WordSpec(field: .maximum, kind: .bound),
      WordSpec(field: .output, kind: .output(types: [.f32], width: .width)),
    ], codesImply: [], ranges: [], since: 2)
}
