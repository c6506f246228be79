extension PlanVerifier {
  /// Constants lie one after the other in the order of their records, each as long as its dimensions give.
  func verifyConstants() throws(PlanError) {
    let weights = UInt64(view.sections[.weights].count)
    var end: UInt64 = 0
    for index in 0..<UInt32(view.constantCount) {
      end = try verifyConstant(ConstantID(index), after: end, weights: weights)
    }
    guard end == weights else { throw .section(.weights, .recordLength(found: weights)) }
  }

  /// Verifies one record and gives where its constant ends.
  private func verifyConstant(
    _ id: ConstantID, after end: UInt64, weights: UInt64
  ) throws(PlanError) -> UInt64 {
    guard let constant = view.decodeConstant(id) else { throw .constant(id, .record) }
    guard isName(constant.name) else { throw .constant(id, .name) }
    guard constant.layout.holds(constant.type), constant.type.since <= view.minorVersion else {
      throw .constant(id, .type)
    }
    let usesSecond = constant.layout.rank > 1
    guard constant.d0 > 0, (constant.d1 > 0) == usesSecond, constant.d2 == 0 else {
      throw .constant(id, .dimensions)
    }
    guard let expected = constant.byteCount else { throw .constant(id, .tooLarge) }
    let record = view.sections[.constants].lowerBound + Int(id.rawValue) * FileLayout.constantLength
    let (offset, length) = (view.bytes.u64(record + 24), view.bytes.u64(record + 32))
    guard length == expected else { throw .constant(id, .length(found: length, expected: expected)) }
    let start = roundedUp(end, to: FileLayout.alignment)
    guard offset == start else { throw .constant(id, .offset(found: offset, expected: start)) }
    guard start <= weights, length <= weights - start else { throw .constant(id, .outside) }
    return start + length
  }

  /// The elements of a float32 vector are finite and above zero, those of its padding equal `padding`.
  mutating func verifyPositive(_ id: ConstantID, _ constant: Constant, padding: Float) throws(PlanError) {
    let start = view.constantRange(id).lowerBound
    let count = UInt64(constant.d0)
    let padded = roundedUp(count, to: 16)
    try spend(padded)
    try spend(elements: count)
    for index in 0..<padded {
      let value = view.bytes.f32(start + 4 * Int(index))
      let isRight = index < count ? value > 0 && value.isFinite : value == padding
      guard isRight else { throw .constant(id, .value(index: index)) }
    }
  }

  /// Buffers lie inside their arena; those of codes have a scale.
  mutating func verifyBuffers() throws(PlanError) {
    for index in 0..<UInt32(view.bufferCount) {
      let id = BufferID(index)
      guard let buffer = view.decodeBuffer(id) else { throw .buffer(id, .record) }
      guard isName(buffer.name) else { throw .buffer(id, .name) }
      guard buffer.type == .f32 || buffer.type.isCodes, buffer.type.since <= view.minorVersion else {
        throw .buffer(id, .type)
      }
      let model = view.model
      let arena = UInt64(buffer.program == .body ? model.bodyBytesPerRow : model.headBytesPerRow)
      guard buffer.width > 0, buffer.offset % 64 == 0, UInt64(buffer.offset) + buffer.bytesPerRow <= arena
      else {
        throw .buffer(id, .place)
      }
      try verifyScale(of: id, buffer)
    }
  }

  private mutating func verifyScale(of id: BufferID, _ buffer: Buffer) throws(PlanError) {
    if buffer.type == .f32 {
      guard buffer.scale.isAbsent else { throw .buffer(id, .scale) }
      return
    }
    guard let scale = view.decodeConstant(buffer.scale), scale.layout == .vector, scale.type == .f32,
      scale.d0 == 1 || scale.d0 == buffer.width
    else { throw .buffer(id, .scale) }
    try verifyPositive(buffer.scale, scale, padding: 0)
  }
}
