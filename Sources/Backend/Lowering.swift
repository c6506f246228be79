public import Diagnostics
public import IR
import PlanFormat

extension LoweredPlan {
  /// Chooses instructions for a module, lays out its buffers, states and constants.
  /// - Parameter observesStates: whether scans also write the largest |h| of each channel, for calibration.
  /// - Throws: `DiagnosticFailure` (`cannot-lower`) naming the node that no instruction computes.
  public init(lowering module: Module, observesStates: Bool = false) throws(DiagnosticFailure) {
    var lowering = Lowering(module, observesStates: observesStates)
    try lowering.run()
    self.module = module
    definitions = lowering.definitions
    draft = lowering.draft
  }
}

/// Instruction selection: walks the module once and fuses what one instruction computes.
struct Lowering {
  let module: Module
  let uses: [[ValueID]]
  var draft: PlanDraft
  var definitions: [ConstantDefinition] = []
  /// Buffers of the row values computed so far.
  var buffers: [ValueID: BufferID] = [:]
  /// Quantize nodes that an earlier instruction computes already.
  var computed: Set<ValueID> = []
  var program = Program.body
  var stateBytes = 0
  /// Row sets made so far, and that of each value that is not of all rows.
  var rowSets: UInt32 = 0
  var rowSet: [ValueID: UInt32] = [:]
  /// Whether scans also write the largest |h| of each channel.
  let observesStates: Bool

  init(_ module: Module, observesStates: Bool) {
    self.module = module
    self.observesStates = observesStates
    uses = module.uses()
    draft = PlanDraft(
      model: ModelRecord(
        vocabulary: UInt32(module[module.result].type.width), width: 0, layers: UInt32(module.layers),
        bodyBytesPerRow: 0, headBytesPerRow: 0, logits: .absent, stateBytesPerSlot: 0))
  }

  mutating func run() throws(DiagnosticFailure) {
    for value in module.values where !module[value].isConstant && !computed.contains(value) {
      try select(value)
    }
    draft.model.logits = try buffer(module.result)
    draft.model.stateBytesPerSlot = UInt64(stateBytes)
    ArenaPlanner.assignOffsets(&draft)
    try checkLimits()
  }

  /// Refuses what is larger than plans may be, before anything is written.
  private func checkLimits() throws(DiagnosticFailure) {
    let model = draft.model
    let sizes: [(found: UInt64, limit: UInt64, what: String)] = [
      (UInt64(model.vocabulary), PlanLimits.vocabulary, "token ids"),
      (UInt64(model.bodyBytesPerRow), PlanLimits.arenaPerRow, "bytes of activations a token"),
      (UInt64(model.headBytesPerRow), PlanLimits.arenaPerRow, "bytes of logits a token"),
      (model.stateBytesPerSlot, PlanLimits.statePerSlot, "bytes of state a sequence"),
      (UInt64(draft.instructions.count), PlanLimits.instructions, "instructions"),
    ]
    for size in sizes where size.found > size.limit {
      throw DiagnosticFailure(
        .unsupportedModel, "\(size.found) \(size.what) are not supported",
        hint: "a plan holds up to \(size.limit)")
    }
  }

  private mutating func select(_ value: ValueID) throws(DiagnosticFailure) {
    let node = module[value]
    switch node.op {
    case .tokens: break
    case .embedding: try selectEmbedding(value)
    case .rmsNorm: if soleQuantize(of: value) == nil { try selectNorm(value, as: value) }
    case .linear, .linearInt8: if !isAccumulated(value) { try selectLinear(value) }
    case .add: try selectAdd(value)
    case .conv1d: if soleUse(of: value, as: .silu) == nil { throw cannotLower(value) }
    case .silu: try selectConvolution(value)
    case .selectiveScan: try selectScan(value)
    case .scaleChannels: if !isFused(value) { try selectScaling(value) }
    case .hadamard: if soleQuantize(of: value) == nil { try selectHadamard(value, as: value) }
    case .quantize: try selectQuantize(value)
    case .dequantize: buffers[value] = try buffer(node.operands[0])
    case .selectRows: try selectRows(value)
    case .gate: try selectGate(value)
    case .attention: try selectAttention(value)
    case .route: try selectRoute(value)
    case .dispatch: if soleQuantize(of: value) == nil { try selectDispatch(value, as: value) }
    case .combine: try selectCombine(value)
    default: throw cannotLower(value)
    }
  }

  private mutating func selectQuantize(_ value: ValueID) throws(DiagnosticFailure) {
    let input = quantizedValue(value)
    if soleQuantize(of: input) == value, module[input].op == .rmsNorm {
      try selectNorm(input, as: value)
    } else if soleQuantize(of: input) == value, module[input].op == .hadamard {
      try selectHadamard(input, as: value)
    } else if soleQuantize(of: input) == value, module[input].op == .dispatch {
      try selectDispatch(input, as: value)
    } else {
      let source = try floatBuffer(input)
      draft.append(
        .quantize, program: program, name: module[value].name,
        [
          .input: .buffer(source), .inverse: .constant(inverse(of: value)),
          .output: .buffer(addBuffer(value)),
        ])
    }
  }

  /// The only reader of a value, if that is its only reader and a node of this kind.
  func soleUse(of value: ValueID, as op: Op) -> ValueID? {
    uses[value.index].count == 1 && module[uses[value.index][0]].op == op ? uses[value.index][0] : nil
  }

  /// The quantize node that alone reads a value, factors of its channels between or not.
  func soleQuantize(of value: ValueID) -> ValueID? {
    uses[value.index].count == 1 ? quantize(at: uses[value.index][0]) : nil
  }

  /// The node itself where it is a quantize node, or the one that it is factors of channels for.
  func quantize(at value: ValueID) -> ValueID? {
    switch module[value].op {
    case .quantize: return value
    case .scaleChannels:
      guard let quantize = soleUse(of: value, as: .quantize), case .perTensor? = module[quantize].type.scale
      else { return nil }
      return quantize
    default: return nil
    }
  }

  /// What a quantize node rounds: its operand, or what that scales the channels of for it alone.
  func quantizedValue(_ quantize: ValueID) -> ValueID {
    let operand = module[quantize].operands[0]
    return isFused(operand) ? module[operand].operands[0] : operand
  }

  /// Whether a node's only reader, which quantizes or transforms, multiplies by its factors.
  func isFused(_ value: ValueID) -> Bool {
    module[value].op == .scaleChannels
      && (quantize(at: value) != nil || soleUse(of: value, as: .hadamard) != nil)
  }

  /// The buffer of a row value.
  func buffer(_ value: ValueID) throws(DiagnosticFailure) -> BufferID {
    guard let buffer = buffers[value] else { throw cannotLower(value) }
    return buffer
  }

  /// The buffer of a row value that must be float32.
  func floatBuffer(_ value: ValueID) throws(DiagnosticFailure) -> BufferID {
    let id = try buffer(value)
    guard draft.buffers[Int(id.rawValue)].type == .f32 else { throw cannotLower(value) }
    return id
  }

  /// Adds the buffer of a row value, with its scale where it holds codes.
  mutating func addBuffer(_ value: ValueID) -> BufferID {
    let node = module[value]
    let isCodes = node.type.element.isCodes
    let id = draft.addBuffer(
      node.name, program: program, type: isCodes ? PlanFormat.ElementType(node.type.element) : .f32,
      width: UInt32(node.type.width), offset: 0,
      scale: isCodes ? scale(of: value) : .absent, rowSet: rowSet(of: value))
    buffers[value] = id
    return id
  }

  /// Makes sure that a size of a node is one that plans can hold.
  func require(
    _ size: Int, _ what: String, in range: ClosedRange<UInt32>, _ node: Node
  ) throws(DiagnosticFailure) {
    guard (Int(range.lowerBound)...Int(range.upperBound)).contains(size) else {
      throw DiagnosticFailure(
        .unsupportedModel, "\(size) \(what) are not supported", at: .node(node.name),
        hint: "a plan holds from \(range.lowerBound) to \(range.upperBound)")
    }
  }

  func cannotLower(_ value: ValueID) -> DiagnosticFailure {
    DiagnosticFailure(
      .cannotLower, "no instruction computes \(module[value].op.rawValue) as it is used here",
      at: .node(module[value].name),
      hint: "this is a fault of the tool; please report it with the output of 'ir dump'")
  }
}
