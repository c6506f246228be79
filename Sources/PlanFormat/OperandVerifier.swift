/// The sizes that the operands of one instruction agreed on; zero where none has spoken yet.
struct Dimensions {
  private var values = InlineArray<12, UInt32>(repeating: 0)

  subscript(dimension: Dimension) -> UInt32 {
    get { values[dimension.rawValue] }
    set { values[dimension.rawValue] = newValue }
  }
}

/// Checks the words of one instruction against its spec: everything that can be said without the arena.
struct OperandVerifier {
  let view: PlanView
  let instruction: Instruction
  let index: Int

  private var spec: OpcodeSpec { instruction.opcode.spec }

  /// Verifies every word and gives the dimensions.
  func verifyWords() throws(PlanError) -> Dimensions {
    let words = spec.words
    for unused in words.count..<Instruction.wordCount where instruction.words[unused] != 0 {
      throw .instruction(index, .unusedWord(unused))
    }
    for (unused, word) in words.enumerated()
    where word.since > view.minorVersion && instruction.words[unused] != word.kind.absentValue {
      throw .instruction(index, .unusedWord(unused))
    }
    var dimensions = Dimensions()
    dimensions[.vocabulary] = view.model.vocabulary
    dimensions[.modelWidth] = view.model.width
    for word in words { try verify(word, &dimensions) }
    for (first, second) in spec.codesImply where isCodes(first) && !isCodes(second) {
      throw .instruction(index, .type(first))
    }
    return dimensions
  }

  private func verify(_ word: WordSpec, _ dimensions: inout Dimensions) throws(PlanError) {
    let value = instruction[word.field]
    switch word.kind {
    case .input(let types, let width, let program, let presence):
      try verifyBuffer(word.field, types, width, program ?? instruction.program, presence, &dimensions)
    case .update(let types, let width):
      try verifyBuffer(word.field, types, width, instruction.program, .required, &dimensions)
    case .output(let types, let width, let presence):
      try verifyBuffer(word.field, types, width, instruction.program, presence, &dimensions)
    case .accumulate(let target):
      guard value <= 1 else { throw .instruction(index, .range(word.field, found: value)) }
      guard value == 0 || !isCodes(target) else { throw .instruction(index, .type(target)) }
    case .constant(let layouts, let types, let shape, let presence, _):
      try verifyConstant(word.field, layouts, types, shape, presence, &dimensions)
    case .state: return
    case .elementType(let types):
      guard let type = ElementType(rawValue: value), types.contains(type) else {
        throw .instruction(index, .range(word.field, found: value))
      }
    case .integer(let range):
      guard range.contains(value) else { throw .instruction(index, .range(word.field, found: value)) }
    case .positiveFloat:
      let number = Float(bitPattern: value)
      guard number > 0, number.isFinite else { throw .instruction(index, .range(word.field, found: value)) }
    case .bound:
      guard !Float(bitPattern: value).isNaN else {
        throw .instruction(index, .range(word.field, found: value))
      }
    }
  }

  private func verifyBuffer(
    _ field: Field, _ types: [ElementType], _ width: Dimension, _ program: Program, _ presence: Presence,
    _ dimensions: inout Dimensions
  ) throws(PlanError) {
    let id = BufferID(instruction[field])
    guard try isPresent(field, !id.isAbsent, presence) else { return }
    guard let buffer = view.decodeBuffer(id) else { throw .instruction(index, .reference(field)) }
    guard buffer.program == program else { throw .instruction(index, .bufferProgram(field)) }
    guard types.contains(buffer.type) else { throw .instruction(index, .type(field)) }
    try bind(width, to: buffer.width, field, &dimensions)
  }

  private func verifyConstant(
    _ field: Field, _ layouts: [ConstantLayout], _ types: [ElementType], _ shape: Shape, _ presence: Presence,
    _ dimensions: inout Dimensions
  ) throws(PlanError) {
    let id = ConstantID(instruction[field])
    guard try isPresent(field, !id.isAbsent, presence) else { return }
    guard let constant = view.decodeConstant(id) else { throw .instruction(index, .reference(field)) }
    guard layouts.contains(constant.layout), types.contains(constant.type) else {
      throw .instruction(index, .type(field))
    }
    switch shape {
    case .exactly(let dimension): try bind(dimension, to: constant.d0, field, &dimensions)
    case .oneOr(let dimension):
      if constant.d0 != 1 { try bind(dimension, to: constant.d0, field, &dimensions) }
    case .matrix(let first, let second):
      try bind(first, to: constant.d0, field, &dimensions)
      try bind(second, to: constant.d1, field, &dimensions)
    }
  }

  /// The first operand with a dimension sets it, the others must agree.
  private func bind(
    _ dimension: Dimension, to size: UInt32, _ field: Field, _ dimensions: inout Dimensions
  ) throws(PlanError) {
    let expected = dimensions[dimension]
    guard expected == 0 || expected == size else {
      throw .instruction(index, .size(field, found: size, expected: expected))
    }
    for (limited, range) in spec.ranges where limited == dimension && !range.contains(size) {
      throw .instruction(index, .range(field, found: size))
    }
    dimensions[dimension] = size
  }

  /// Whether the operand is there, once that is known to be right.
  private func isPresent(_ field: Field, _ found: Bool, _ presence: Presence) throws(PlanError) -> Bool {
    let isRight =
      switch presence {
      case .required: found
      case .optional: true
      case .exactlyWhenCodes(let fields): found == fields.allSatisfy { isCodes($0) }
      case .atLeastWhenCodes(let fields): found || !fields.allSatisfy { isCodes($0) }
      }
    guard isRight else { throw .instruction(index, .presence(field)) }
    return found
  }

  /// Whether the operand is there and holds codes; whether it exists is for the check of its own word to say.
  private func isCodes(_ field: Field) -> Bool {
    guard let word = spec.words.first(where: { $0.field == field }) else { return false }
    let type =
      switch word.kind {
      case .constant: view.decodeConstant(ConstantID(instruction[field]))?.type
      case .elementType: ElementType(rawValue: instruction[field])
      default: view.decodeBuffer(BufferID(instruction[field]))?.type
      }
    return type?.isCodes ?? false
  }
}
