import PlanFormat

/// What one instruction reads, writes and computes.
///
/// Operations on float32 are multiplications, additions, comparisons and fused multiply-adds, each counted as
/// one; an exponential is 15 of them.
public struct InstructionWork: Equatable, Sendable {
  /// The opcode's name.
  public let opcode: String
  /// The instruction's name without its layer.
  public let role: String
  /// The layer that its name tells; nil for what belongs to none.
  public let layer: Int?
  /// Whether it belongs to the head.
  public let isHead: Bool
  /// For a linear layer: weights, multipliers, biases, corrections and scales without padding, in bytes.
  public let weightBytes: Int
  /// For a linear layer: outputs times inputs.
  public let products: Int
  /// Whether the weights are codes, of 8 or 4 bits.
  public let hasCodedWeights: Bool
  /// Bytes of constants that one call reads, whatever its rows.
  public let constantBytes: Int
  /// Bytes that one row reads and writes: activations, and its row of the embedding table.
  public let rowBytes: Int
  /// Bytes of state that one sequence reads and writes in a call.
  public let stateBytes: Int
  /// Multiply-accumulates of int8 that one row takes.
  public let int8Products: Int
  /// Operations on float32 that one row takes.
  public let floatOperations: Int
}

extension InstructionWork {
  /// Counts what the instruction at an index does.
  init(_ index: Int, of view: PlanView) {
    let instruction = view.instruction(index)
    let name = view.string(instruction.name)
    let parts = name.split(separator: ".", maxSplits: 2)
    let layer = parts.count == 3 && parts[0] == "layers" ? Int(parts[1]) : nil
    let counter = WorkCounter(view: view, instruction: instruction)
    let isLinear = instruction.opcode == .linear
    self.init(
      opcode: instruction.opcode.spec.name, role: layer == nil ? name : String(parts[2]), layer: layer,
      isHead: instruction.program == .head, weightBytes: isLinear ? counter.constantBytes : 0,
      products: isLinear ? counter.products : 0,
      hasCodedWeights: isLinear && counter.hasCodedWeights, constantBytes: counter.constantBytes,
      rowBytes: counter.rowBytes, stateBytes: counter.stateBytes, int8Products: counter.int8Products,
      floatOperations: counter.floatOperations)
  }
}

/// Counts what one instruction of a verified plan does.
private struct WorkCounter {
  let view: PlanView
  let instruction: Instruction

  private var isEmbedding: Bool { instruction.opcode == .embed }

  /// All constants, without padding; of an embedding each row reads its own.
  var constantBytes: Int { isEmbedding ? 0 : constants.reduce(0) { $0 + bytes($1) } }

  var rowBytes: Int {
    let activations = (instruction.buffersRead + instruction.buffersWritten).map(view.buffer)
    let table = isEmbedding ? constants.reduce(0) { $0 + bytes($1) / max(1, Int($1.d0)) } : 0
    return activations.reduce(table) { $0 + Int($1.width) * $1.type.byteCount }
  }

  var stateBytes: Int {
    switch instruction.opcode {
    case .conv: 2 * (taps - 1) * width(.input) * view.buffer(BufferID(instruction[.input])).type.byteCount
    case .scan: 2 * width(.u) * width(.b) * instruction.stateType.byteCount
    case .headScan: 2 * width(.u) * headStates * instruction.stateType.byteCount
    default: 0
    }
  }

  var products: Int {
    let weights = constant(.weights)
    return Int(weights.d0) * Int(weights.d1)
  }

  var hasCodedWeights: Bool { constant(.weights).type.isCodes }

  /// A product with 16-bit codes is two with 8-bit ones.
  var int8Products: Int {
    instruction.opcode == .linear && isCodes(.input) ? products * inputType.byteCount : 0
  }

  private var inputType: ElementType { view.buffer(BufferID(instruction[.input])).type }

  var floatOperations: Int {
    switch instruction.opcode {
    case .embed: constant(.table).type == .i8 ? width(.output) : 0
    case .norm: 3 * width(.input) + storing(.output)
    case .linear: (isCodes(.input) ? 0 : products) + width(.output) + storing(.output)
    case .conv:
      width(.input) * (taps + Cost.siLU) + loading(.input) + storing(.output) + storing(.secondOutput)
    case .scan: scanOperations
    case .headScan: headScanOperations
    case .timeStep: width(.input) * (Cost.softplus + 3) + loading(.input)
    case .hadamard: width(.input) * (hadamardAdditions + gainOperations) + storing(.output)
    case .quantize: storing(.output)
    case .select: 0
    case .gate: width(.input) * (Cost.siLU + 1)
    case .attend: loading(.k) + loading(.v)
    case .dispatch: storing(.output)
    case .route: width(.input) * (Cost.exponential + 3)
    case .combine: width(.input)
    }
  }

  private var scanOperations: Int {
    let loads = [Field.u, .dt, .z, .b, .c].reduce(0) { $0 + loading($1) }
    let update = Cost.exponential + 1 + stateUpdate
    return width(.u) * (width(.b) * update + Cost.softplus + 3 + gateOperations) + loads
  }

  /// One exponential serves all states of a head.
  private var headScanOperations: Int {
    let loads = [Field.u, .z, .b, .c].reduce(0) { $0 + loading($1) }
    return width(.delta) * (Cost.exponential + 1)
      + width(.u) * (headStates * stateUpdate + 2 + gateOperations) + loads
  }

  /// States of a channel of a scan by heads.
  private var headStates: Int { width(.b) / max(1, Int(instruction[.groups])) }

  private var gateOperations: Int { instruction.buffer(.z) == nil ? 0 : Cost.siLU + 1 }

  private var stateUpdate: Int { Cost.stateUpdate + (Cost.stateRounding[instruction.stateType] ?? 0) }

  /// Additions for one element: one for each butterfly stage, then a sum over the order.
  private var hadamardAdditions: Int {
    let order = max(1, Int(instruction[.order]))
    let length = max(1, Int(instruction[.block]) / order)
    return (Int.bitWidth - 1 - length.leadingZeroBitCount) + (order > 1 ? order : 0)
  }

  private var gainOperations: Int { instruction.constant(.gain) == nil ? 0 : 1 }

  private var taps: Int { Int(constant(.weights).d0) }

  private func constant(_ field: Field) -> Constant { view.constant(ConstantID(instruction[field])) }

  private func width(_ field: Field) -> Int { Int(view.buffer(BufferID(instruction[field])).width) }

  private func isCodes(_ field: Field) -> Bool {
    instruction.buffer(field).map { view.buffer($0).type.isCodes } ?? false
  }

  /// Operations to dequantize a row.
  private func loading(_ field: Field) -> Int { isCodes(field) ? width(field) : 0 }

  /// Operations to quantize a row.
  private func storing(_ field: Field) -> Int { isCodes(field) ? width(field) * Cost.quantize : 0 }

  private func bytes(_ constant: Constant) -> Int {
    let elements = Int(constant.d0) * max(1, Int(constant.d1))
    return constant.type == .i4 ? (elements + 1) / 2 : elements * constant.type.byteCount
  }

  private var constants: [Constant] {
    instruction.opcode.spec.words.compactMap { word in
      guard case .constant = word.kind else { return nil }
      return instruction.constant(word.field).map(view.constant)
    }
  }
}

/// Operations on float32 that the kernels' formulas take for one element.
private enum Cost {
  static let exponential = 15
  /// Sign, exponential, sum, quotient.
  static let siLU = exponential + 3
  /// Exponential, logarithm of one more than it, and the choice between that and x.
  static let softplus = exponential + 15
  /// Factor, maximum, minimum, rounding.
  static let quantize = 4
  /// Both conversions of a state that is narrower than float32, and the clamp between.
  static let stateRounding: [ElementType: Int] = [.f16: 4, .i8: quantize + 1]
  /// (Δ·u)·B, and the fused multiply-adds for h and y.
  static let stateUpdate = 3
}
