/// A plan while it is being made: everything but the bytes of its constants.
public struct PlanDraft: Sendable {
  /// The numbers that describe the whole.
  public var model: ModelRecord
  /// The body's instructions in order, then the head's.
  public var instructions: [Instruction] = []
  /// Activations.
  public var buffers: [Buffer] = []
  /// Constants in the order in which their bytes are written.
  public var constants: [Constant] = []
  /// Names and metadata, each once.
  public private(set) var strings: [String] = []
  /// The tokenizer's tables as `Tokenization` encodes them; empty when the plan has none.
  public var tokenizer: [UInt8] = []
  /// Provenance as pairs of key and value; keys differ, and are sorted when the plan is laid out.
  public private(set) var metadata: [(key: StringID, value: StringID)] = []
  /// A prompt and its logits, or empty.
  public var golden = Golden()

  private var stringIDs: [[UInt8]: StringID] = [:]

  /// Starts an empty plan.
  public init(model: ModelRecord) { self.model = model }

  /// The identifier of a string, added when it is new.
  public mutating func string(_ text: String) -> StringID {
    let key = Array(text.utf8)
    if let id = stringIDs[key] { return id }
    let id = StringID(UInt32(strings.count))
    strings.append(text)
    stringIDs[key] = id
    return id
  }

  /// Adds a buffer; `offset` in bytes per row, a multiple of 64.
  public mutating func addBuffer(
    _ name: String, program: Program = .body, type: ElementType, width: UInt32, offset: UInt32,
    scale: ConstantID = .absent, rowSet: UInt32 = 0
  ) -> BufferID {
    buffers.append(
      Buffer(
        name: string(name), program: program, type: type, width: width, offset: offset, scale: scale,
        rowSet: rowSet))
    return BufferID(UInt32(buffers.count - 1))
  }

  /// Adds a constant whose bytes are written later, `PlanLayout` says where.
  public mutating func addConstant(
    _ name: String, type: ElementType, layout: ConstantLayout, d0: UInt32, d1: UInt32 = 0
  ) -> ConstantID {
    constants.append(Constant(name: string(name), type: type, layout: layout, d0: d0, d1: d1))
    return ConstantID(UInt32(constants.count - 1))
  }

  /// Appends an instruction from named operands; buffers and constants not named are absent, numbers zero.
  public mutating func append(
    _ opcode: Opcode, program: Program = .body, name: String, _ operands: KeyValuePairs<Field, Operand>
  ) {
    instructions.append(Instruction(opcode, program: program, name: string(name), operands))
  }

  /// Adds a pair of metadata.
  public mutating func addMetadata(_ key: String, _ value: String) {
    metadata.append((string(key), string(value)))
  }
}
