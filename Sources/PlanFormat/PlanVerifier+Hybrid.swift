extension PlanVerifier {
  /// Heads share keys in equal groups; keys and values begin where those of the one before end in a page.
  mutating func verifyAttention(
    _ instruction: Instruction, at index: Int, _ dimensions: Dimensions
  ) throws(PlanError) {
    guard instruction.opcode == .attend else { return }
    let (heads, keyHeads) = (instruction[.heads], instruction[.keyHeads])
    guard heads % keyHeads == 0, dimensions[.queries] % heads == 0 else {
      throw .instruction(index, .range(.heads, found: heads))
    }
    let width = dimensions[.queries] / heads
    guard PlanLimits.headWidth.contains(width) else {
      throw .instruction(index, .range(.heads, found: heads))
    }
    guard UInt64(keyHeads) * UInt64(width) == UInt64(dimensions[.keys]) else {
      throw .instruction(index, .range(.keyHeads, found: keyHeads))
    }
    let type = view.buffer(BufferID(instruction[.k])).type
    let offset = UInt64(instruction[.cache]) * 64
    guard offset == pageEnd else { throw .instruction(index, .state(offset: offset)) }
    pageEnd += StateShape.pageBytes(keyHeads: keyHeads, width: width, type: type)
    guard pageEnd <= view.model.bytesPerPage else { throw .instruction(index, .state(offset: offset)) }
  }

  /// Routes go to experts that exist.
  func verifyExperts(
    _ instruction: Instruction, at index: Int, _ dimensions: Dimensions
  ) throws(PlanError) {
    switch instruction.opcode {
    case .route where instruction[.count] > dimensions[.experts]:
      throw .instruction(index, .range(.count, found: instruction[.count]))
    case .dispatch where instruction[.expert] >= dimensions[.experts],
      .combine where instruction[.expert] >= dimensions[.experts]:
      throw .instruction(index, .range(.expert, found: instruction[.expert]))
    default: break
    }
  }

  /// An instruction runs over the rows of one set, or of the call; each set is made once, in order.
  mutating func verifyRowSets(_ instruction: Instruction, at index: Int) throws(PlanError) {
    if instruction.opcode.spec.rows == .makesSet { rowSets += 1 }
    let common = instruction.firstBufferWritten.flatMap { view.decodeBuffer($0) }?.rowSet ?? 0
    for word in instruction.opcode.spec.words where word.kind.isInput || word.kind.isOutput {
      guard let id = instruction.buffer(word.field) else { continue }
      let set = view.buffer(id).rowSet
      let isRight =
        switch instruction.opcode.spec.rows {
        case .call: set == 0
        case .any: set == common && set <= rowSets
        case .makesSet: set == (word.kind.isOutput ? rowSets : 0)
        case .readsSet: word.field == .input ? (1...max(rowSets, 1)).contains(set) : set == 0
        }
      guard isRight else { throw .instruction(index, .rowSet(word.field)) }
    }
  }
}
