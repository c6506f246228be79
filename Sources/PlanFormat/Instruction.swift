/// One instruction: 64 bytes in the file, two words of identity and fourteen that `OpcodeSpec` names.
public struct Instruction: Sendable {
  /// How many words follow the identity.
  public static let wordCount = 14

  /// What it does.
  public let opcode: Opcode
  /// The program that it belongs to.
  public let program: Program
  /// Its name: the IR node that it came from.
  public let name: StringID
  /// Its words in file order.
  public let words: InlineArray<14, UInt32>

  /// Makes an instruction from words in file order.
  public init(opcode: Opcode, program: Program, name: StringID, words: InlineArray<14, UInt32>) {
    self.opcode = opcode
    self.program = program
    self.name = name
    self.words = words
  }

  /// Makes an instruction from named operands; buffers and constants not named are absent, numbers zero.
  ///
  /// - Precondition: every field belongs to `opcode`.
  public init(
    _ opcode: Opcode, program: Program, name: StringID, _ operands: KeyValuePairs<Field, Operand>
  ) {
    let spec = opcode.spec
    var words = InlineArray<14, UInt32>(repeating: 0)
    for (index, word) in spec.words.enumerated() { words[index] = word.kind.absentValue }
    for (field, operand) in operands {
      guard let index = spec.index(of: field) else { preconditionFailure("\(opcode) has no \(field)") }
      words[index] = operand.word
    }
    self.init(opcode: opcode, program: program, name: name, words: words)
  }

  /// The word that `field` names.
  ///
  /// - Precondition: the opcode has this field.
  public subscript(field: Field) -> UInt32 {
    guard let index = opcode.spec.index(of: field) else { preconditionFailure("\(opcode) has no \(field)") }
    return words[index]
  }

  /// The buffer that `field` names, or nil when it is absent.
  public func buffer(_ field: Field) -> BufferID? {
    let id = BufferID(self[field])
    return id.isAbsent ? nil : id
  }

  /// The constant that `field` names, or nil when it is absent.
  public func constant(_ field: Field) -> ConstantID? {
    let id = ConstantID(self[field])
    return id.isAbsent ? nil : id
  }

  /// The float32 whose bits `field` holds.
  public func float(_ field: Field) -> Float { Float(bitPattern: self[field]) }

  /// The type of a scan's state.
  public var stateType: ElementType { ElementType(rawValue: self[.stateType]) ?? .f32 }

  /// Where this instruction's state begins in the slot, in bytes.
  public var stateOffset: UInt64 { UInt64(self[.state]) * 64 }
}
