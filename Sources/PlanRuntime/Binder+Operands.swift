internal import CKernels
internal import PlanFormat

extension Binder {
  /// A buffer that is read; codes with their scale.
  func input(_ instruction: Instruction, _ field: Field) -> qk_operand {
    guard let id = instruction.buffer(field) else { return qk_operand() }
    let scale = view.buffer(id).scale
    return operand(id, factor: scale.isAbsent ? nil : scale)
  }

  /// A buffer that is written; codes with the inverse scale that `factor` names.
  func output(_ instruction: Instruction, _ field: Field, factor: Field? = nil) -> qk_operand {
    guard let id = instruction.buffer(field) else { return qk_operand() }
    return operand(id, factor: factor.flatMap(instruction.constant))
  }

  /// A buffer's rows in this context's arena; `factor` is the constant that goes with them.
  func operand(_ id: BufferID, factor: ConstantID?) -> qk_operand {
    let buffer = view.buffer(id)
    let (arena, rows) = buffer.program == .body ? (bodyArena, bodyRows) : (headArena, headRows)
    return qk_operand(
      base: (arena + rows * Int(buffer.offset)).assumingMemoryBound(to: UInt8.self),
      stride: buffer.bytesPerRow,
      factor: factor.map(floats),
      per_channel: factor.map { view.constant($0).d0 == 1 ? 0 : 1 } ?? 0,
      type: buffer.type.rawValue, plane: blocks(buffer.width) * 16)
  }

  /// The bytes of a constant.
  func bytes(_ id: ConstantID) -> UnsafeRawPointer {
    UnsafeRawPointer(view.memory.baseAddress.unsafelyUnwrapped + view.constantRange(id).lowerBound)
  }

  /// The elements of a float32 constant.
  func floats(_ id: ConstantID) -> UnsafePointer<Float> { bytes(id).assumingMemoryBound(to: Float.self) }

  /// The elements of the float32 constant that `field` names, or nil when it is absent.
  func floats(_ instruction: Instruction, _ field: Field) -> UnsafePointer<Float>? {
    instruction.constant(field).map(floats)
  }

  func width(_ instruction: Instruction, _ field: Field) -> UInt32 {
    view.buffer(BufferID(instruction[field])).width
  }

  private func blocks(_ channels: UInt32) -> UInt32 { (channels + 15) / 16 }

  func embed(_ instruction: Instruction) -> qk_embed {
    let table = ConstantID(instruction[.table])
    let constant = view.constant(table)
    return qk_embed(
      table: bytes(table), row_scale: floats(instruction, .rowScale), type: constant.type.rawValue,
      width: constant.d1, out: output(instruction, .output))
  }

  func norm(_ instruction: Instruction) -> qk_norm {
    qk_norm(
      in: input(instruction, .input), gain: floats(instruction, .gain), epsilon: instruction.float(.epsilon),
      width: width(instruction, .input), groups: instruction[.groups],
      out: output(instruction, .output, factor: .inverse))
  }

  func timeStep(_ instruction: Instruction) -> qk_time_step {
    qk_time_step(
      in: input(instruction, .input), bias: floats(instruction, .bias), minimum: instruction.float(.minimum),
      maximum: instruction.float(.maximum), width: width(instruction, .input),
      out: output(instruction, .output))
  }

  func part(_ instruction: Instruction) -> qk_linear_part {
    let weights = ConstantID(instruction[.weights])
    return qk_linear_part(
      weights: bytes(weights),
      correction: instruction.constant(.correction).map { bytes($0).assumingMemoryBound(to: Int32.self) },
      multiplier: floats(instruction, .multiplier), bias: floats(instruction, .bias),
      factors: instruction.constant(.factors).map { bytes($0).assumingMemoryBound(to: UInt8.self) },
      panels: blocks(view.constant(weights).d0), accumulate: instruction[.accumulate],
      out: output(instruction, .output))
  }

  func linear(_ instruction: Instruction, _ parts: UnsafeBufferPointer<qk_linear_part>) -> qk_linear {
    let weights = view.constant(ConstantID(instruction[.weights]))
    let inputs =
      switch weights.type {
      case .i8: (weights.d1 + 3) / 4 * 4
      case .i4: (weights.d1 + 7) / 8 * 8
      default: weights.d1
      }
    return qk_linear(
      in: input(instruction, .input), parts: parts.baseAddress, part_count: UInt32(parts.count), k: inputs,
      weight_type: weights.type.rawValue)
  }

  func conv(_ instruction: Instruction) -> qk_conv {
    qk_conv(
      in: input(instruction, .input), weights: floats(instruction, .weights),
      bias: floats(instruction, .bias),
      taps: view.constant(ConstantID(instruction[.weights])).d0, blocks: blocks(width(instruction, .input)),
      state_offset: instruction.stateOffset, out0: output(instruction, .output, factor: .inverse),
      out1: output(instruction, .secondOutput, factor: .secondInverse))
  }

  func scan(_ instruction: Instruction) -> qk_scan {
    qk_scan(
      u: input(instruction, .u), dt: input(instruction, .dt), z: input(instruction, .z),
      b: input(instruction, .b), c: input(instruction, .c), a: floats(instruction, .a),
      d: floats(instruction, .d), dt_bias: floats(instruction, .dtBias), n: width(instruction, .b),
      blocks: blocks(width(instruction, .u)), state_offset: instruction.stateOffset,
      state_type: instruction.stateType.rawValue, state_scale: floats(instruction, .stateScale),
      state_inverse: floats(instruction, .stateInverse), out: output(instruction, .output),
      peak: output(instruction, .peak))
  }

  func headScan(_ instruction: Instruction) -> qk_head_scan {
    let (channels, heads) = (width(instruction, .u), width(instruction, .delta))
    let groups = instruction[.groups]
    return qk_head_scan(
      u: input(instruction, .u), z: input(instruction, .z), delta: input(instruction, .delta),
      b: input(instruction, .b), c: input(instruction, .c), a: floats(instruction, .a),
      d: floats(instruction, .d), n: width(instruction, .b) / groups, groups: groups, heads: heads,
      head_width: channels / heads, blocks: blocks(channels), state_offset: instruction.stateOffset,
      state_type: instruction.stateType.rawValue, state_scale: floats(instruction, .stateScale),
      state_inverse: floats(instruction, .stateInverse), out: output(instruction, .output),
      peak: output(instruction, .peak))
  }

  func hadamard(_ instruction: Instruction) -> qk_hadamard {
    qk_hadamard(
      in: input(instruction, .input), gain: floats(instruction, .gain),
      out: output(instruction, .output, factor: .factor),
      width: width(instruction, .input), block: instruction[.block], order: instruction[.order])
  }

  func quantize(_ instruction: Instruction) -> qk_quantize {
    qk_quantize(
      in: input(instruction, .input), out: output(instruction, .output, factor: .inverse),
      width: width(instruction, .input))
  }

  func select(_ instruction: Instruction) -> qk_select {
    qk_select(
      in: input(instruction, .input), out: output(instruction, .output), width: width(instruction, .input))
  }
}
