/// A listing of a plan, line after line: sections, constants, then one line for each instruction.
public func disassemble(_ view: PlanView, _ print: (String) -> Void) {
  let lister = Disassembler(view: view)
  print(lister.header())
  lister.sections.forEach(print)
  ["", "constants"].forEach(print)
  lister.constants.forEach(print)
  ["", "buffers"].forEach(print)
  lister.buffers.forEach(print)
  ["", "instructions"].forEach(print)
  lister.instructions.forEach(print)
}

private struct Disassembler {
  let view: PlanView

  func header() -> String {
    let model = view.model
    return "plan \(PlanVersion.current): vocabulary \(model.vocabulary), width \(model.width), "
      + "layers \(model.layers), arena \(model.bodyBytesPerRow) + \(model.headBytesPerRow) bytes a row, "
      + "state \(model.stateBytesPerSlot) bytes a slot, logits \(name(of: model.logits))"
  }

  var sections: some Sequence<String> {
    SectionKind.allCases.lazy.map { kind in
      let range = view.range(of: kind)
      return "section \(kind) at \(range.lowerBound), \(range.count) bytes"
    }
  }

  var constants: some Sequence<String> {
    (0..<UInt32(view.constantCount)).lazy.map { index in
      let id = ConstantID(index)
      let range = view.constantRange(id)
      return "  \(index) \(describe(id)) at \(range.lowerBound), \(range.count) bytes"
    }
  }

  var buffers: some Sequence<String> {
    (0..<UInt32(view.bufferCount)).lazy.map { index in
      let buffer = view.buffer(BufferID(index))
      return "  \(index) \(describe(BufferID(index))) \(buffer.program) + \(buffer.offset)"
    }
  }

  var instructions: some Sequence<String> {
    (0..<view.instructionCount).lazy.map { index in
      let instruction = view.instruction(index)
      let spec = instruction.opcode.spec
      let operands = spec.words.compactMap { word in
        describe(word, of: instruction).map { "\(word.field)=\($0)" }
      }
      return "  \(index) \(instruction.program) \(spec.name) \"\(view.string(instruction.name))\" "
        + operands.joined(separator: ", ")
    }
  }

  /// The operand in words, or nil when it is absent.
  private func describe(_ word: WordSpec, of instruction: Instruction) -> String? {
    switch word.kind {
    case .input, .output, .update: instruction.buffer(word.field).map(describe)
    case .constant: instruction.constant(word.field).map(describe)
    case .accumulate: instruction[word.field] == 1 ? "yes" : nil
    case .state: "+\(UInt64(instruction[word.field]) * 64)"
    case .elementType: ElementType(rawValue: instruction[word.field]).map { "\($0)" }
    case .integer: instruction[word.field] == 0 ? nil : "\(instruction[word.field])"
    case .positiveFloat, .bound: "\(instruction.float(word.field))"
    }
  }

  private func describe(_ id: BufferID) -> String {
    let buffer = view.buffer(id)
    let rows = buffer.rowSet == 0 ? "" : " of set \(buffer.rowSet)"
    return "%\(name(of: id)):\(buffer.type)[\(buffer.width)]\(rows)"
  }

  private func describe(_ id: ConstantID) -> String {
    let constant = view.constant(id)
    let shape = constant.layout.rank == 1 ? "\(constant.d0)" : "\(constant.d0), \(constant.d1)"
    return "@\(view.string(constant.name)):\(constant.layout) \(constant.type)[\(shape)]"
  }

  private func name(of id: BufferID) -> String { view.string(view.buffer(id).name) }
}
