extension PlanVerifier {
  /// The body's instructions come first, then the head's: from its only select to the logits.
  mutating func verifyPrograms() throws(PlanError) {
    arena = ArenaTracker(
      bodyBytesPerRow: view.model.bodyBytesPerRow, headBytesPerRow: view.model.headBytesPerRow)
    var previous: Program?
    for index in 0..<view.instructionCount {
      guard let instruction = view.decodeInstruction(index) else { throw .instruction(index, .record) }
      guard instruction.opcode.spec.since <= view.minorVersion else { throw .instruction(index, .record) }
      guard isName(instruction.name) else { throw .instruction(index, .name) }
      guard instruction.opcode.spec.programs.contains(instruction.program),
        previous != .head || instruction.program == .head
      else { throw .instruction(index, .program) }
      if previous == nil, instruction.program == .head { throw .program(.emptyBody) }
      let beginsHead = instruction.program == .head && previous != .head
      guard beginsHead == (instruction.opcode == .select) else { throw .program(.select) }
      previous = instruction.program
      try verify(instruction, at: index)
    }
    guard previous != nil else { throw .program(.emptyBody) }
    guard previous == .head else { throw .program(.emptyHead) }
    guard pageEnd == view.model.bytesPerPage else { throw .model(.pages) }
    for index in 0..<UInt32(view.bufferCount) {
      let id = BufferID(index)
      guard view.buffer(id).rowSet <= rowSets else { throw .buffer(id, .rowSet) }
    }
    guard arena.holds(view.model.logits, view.buffer(view.model.logits)) else {
      throw .program(.logitsUnwritten)
    }
  }

  private mutating func verify(_ instruction: Instruction, at index: Int) throws(PlanError) {
    let operands = OperandVerifier(view: view, instruction: instruction, index: index)
    let dimensions = try operands.verifyWords()
    try verifyValues(instruction)
    try verifyState(instruction, at: index, dimensions)
    try verifyHadamard(instruction, at: index, dimensions)
    try verifyGroups(instruction, at: index, dimensions)
    try verifyFactors(instruction, at: index, dimensions)
    try verifyAttention(instruction, at: index, dimensions)
    try verifyExperts(instruction, at: index, dimensions)
    try verifyRowSets(instruction, at: index)
    try verifyArena(instruction, at: index)
  }

  /// Scales, inverses, factors and multipliers are finite and above zero.
  private mutating func verifyValues(_ instruction: Instruction) throws(PlanError) {
    for word in instruction.opcode.spec.words {
      guard case .constant(_, _, _, _, let values) = word.kind,
        let id = instruction.constant(word.field), let constant = view.decodeConstant(id)
      else { continue }
      switch values {
      case .any: continue
      case .positive: try verifyPositive(id, constant, padding: 0)
      case .positivePaddedWithOne: try verifyPositive(id, constant, padding: 1)
      }
    }
  }

  /// States begin where the one before ends or later, and end inside the slot.
  private mutating func verifyState(
    _ instruction: Instruction, at index: Int, _ dimensions: Dimensions
  ) throws(PlanError) {
    let size: UInt64
    switch instruction.opcode {
    case .conv:
      let input = view.buffer(BufferID(instruction[.input]))
      size = StateShape.historyBytes(taps: dimensions[.taps], channels: dimensions[.width], type: input.type)
    case .scan:
      size = StateShape.hiddenBytes(
        channels: dimensions[.width], states: dimensions[.states], type: instruction.stateType)
    case .headScan:
      size = StateShape.hiddenBytes(
        channels: dimensions[.width], states: dimensions[.groupStates] / instruction[.groups],
        type: instruction.stateType)
    default: return
    }
    let offset = instruction.stateOffset
    guard offset >= stateEnd, offset + size <= view.model.stateBytesPerSlot else {
      throw .instruction(index, .state(offset: offset))
    }
    stateEnd = offset + size
  }

  private func verifyHadamard(
    _ instruction: Instruction, at index: Int, _ dimensions: Dimensions
  ) throws(PlanError) {
    guard instruction.opcode == .hadamard else { return }
    let (order, block) = (instruction[.order], instruction[.block])
    guard PlanLimits.hadamardOrders.contains(order) else {
      throw .instruction(index, .range(.order, found: order))
    }
    guard block % order == 0, (block / order).nonzeroBitCount == 1, dimensions[.width] % block == 0 else {
      throw .instruction(index, .hadamardBlock)
    }
  }

  /// Groups are of equal size, heads too; the states of a channel are as many as plans allow.
  private func verifyGroups(
    _ instruction: Instruction, at index: Int, _ dimensions: Dimensions
  ) throws(PlanError) {
    guard instruction.opcode == .norm || instruction.opcode == .headScan else { return }
    let groups = max(instruction[.groups], 1)
    let isNorm = instruction.opcode == .norm
    guard dimensions[isNorm ? .width : .heads] % groups == 0, isNorm || dimensions[.groupStates] % groups == 0
    else {
      throw .instruction(index, .range(.groups, found: groups))
    }
    guard !isNorm else { return }
    guard dimensions[.width] % dimensions[.heads] == 0 else {
      throw .instruction(index, .range(.delta, found: dimensions[.heads]))
    }
    guard PlanLimits.states.contains(dimensions[.groupStates] / groups) else {
      throw .instruction(index, .range(.b, found: dimensions[.groupStates]))
    }
  }

  /// Four-bit weights have a factor for each group of inputs, and read codes; others have none.
  private func verifyFactors(
    _ instruction: Instruction, at index: Int, _ dimensions: Dimensions
  ) throws(PlanError) {
    guard instruction.opcode == .linear else { return }
    let hasGroups = view.constant(ConstantID(instruction[.weights])).type == .i4
    guard hasGroups == (instruction.constant(.factors) != nil) else {
      throw .instruction(index, .presence(.factors))
    }
    guard hasGroups else { return }
    guard view.buffer(BufferID(instruction[.input])).type.isCodes else {
      throw .instruction(index, .type(.input))
    }
    let inputs = dimensions[.width]
    guard PlanLimits.groupedInputs.contains(inputs) else {
      throw .instruction(index, .range(.input, found: inputs))
    }
    let groups = (inputs - 1) / PlanLimits.group + 1
    guard dimensions[.weightGroups] == groups else {
      throw .instruction(index, .size(.factors, found: dimensions[.weightGroups], expected: groups))
    }
  }

  /// What is read was written in this call, and outputs overlap no other operand.
  private mutating func verifyArena(_ instruction: Instruction, at index: Int) throws(PlanError) {
    let words = instruction.opcode.spec.words
    for word in words {
      guard let (id, buffer) = operand(word, of: instruction) else { continue }
      try spend(UInt64(ArenaTracker.granules(of: buffer).count))
      let isRead = word.kind.isInput || instruction.accumulates(into: word.field)
      guard !isRead || arena.holds(id, buffer) else { throw .instruction(index, .unwritten(word.field)) }
      guard word.kind.isOutput else { continue }
      for other in words where other.field != word.field {
        guard let (_, otherBuffer) = operand(other, of: instruction) else { continue }
        guard !buffer.overlaps(otherBuffer) else { throw .instruction(index, .overlap(word.field)) }
      }
    }
    for word in words where word.kind.isOutput {
      if let (id, buffer) = operand(word, of: instruction) { arena.write(id, buffer) }
    }
  }

  private func operand(_ word: WordSpec, of instruction: Instruction) -> (BufferID, Buffer)? {
    guard word.kind.isInput || word.kind.isOutput, let id = instruction.buffer(word.field),
      let buffer = view.decodeBuffer(id)
    else { return nil }
    return (id, buffer)
  }
}
