internal import CKernels
internal import PlanFormat

extension Binder {
  /// What a step of a row set gets in place of the call; nil for one that runs over all rows.
  func call(of instruction: Instruction) -> UnsafePointer<qk_call>? {
    switch instruction.opcode.spec.rows {
    case .call, .makesSet: nil
    case .any, .readsSet: rowSets.call(of: rowSet(instruction))
    }
  }

  /// The number of the row set that an instruction makes, or whose rows it reads; 0 for all rows.
  private func rowSet(_ instruction: Instruction) -> UInt32 {
    let field: Field = instruction.opcode == .combine ? .input : .output
    return view.buffer(BufferID(instruction[field])).rowSet
  }

  func gate(_ instruction: Instruction) -> qk_gate {
    qk_gate(
      in: input(instruction, .input), z: input(instruction, .z), out: output(instruction, .output),
      width: width(instruction, .input))
  }

  func attend(_ instruction: Instruction) -> qk_attend {
    let heads = instruction[.heads]
    return qk_attend(
      q: input(instruction, .q), k: input(instruction, .k), v: input(instruction, .v),
      out: output(instruction, .output), heads: heads, key_heads: instruction[.keyHeads],
      dim: width(instruction, .q) / heads, scale: instruction.float(.scale),
      capacity: UInt32(pages.tokens), page_bytes: UInt64(pages.stride),
      page_offset: UInt64(instruction[.cache]) * 64)
  }

  func route(_ instruction: Instruction) -> qk_route {
    qk_route(
      in: input(instruction, .input), out: output(instruction, .output),
      width: width(instruction, .input), count: instruction[.count])
  }

  func dispatch(_ instruction: Instruction) -> qk_dispatch {
    qk_dispatch(
      in: input(instruction, .input), routes: input(instruction, .routes), expert: instruction[.expert],
      width: width(instruction, .input), out: output(instruction, .output, factor: .inverse),
      set: rowSets.set(rowSet(instruction)))
  }

  func combine(_ instruction: Instruction) -> qk_combine {
    qk_combine(
      in: input(instruction, .input), routes: input(instruction, .routes), expert: instruction[.expert],
      width: width(instruction, .input), out: output(instruction, .output),
      set: rowSets.set(rowSet(instruction)))
  }
}
