extension ModelRecord {
  /// Appends the record's 64 bytes.
  func encode(to writer: inout ByteWriter) {
    for number in [vocabulary, width, layers, bodyBytesPerRow, headBytesPerRow, logits.rawValue] {
      writer.write(number)
    }
    writer.write(stateBytesPerSlot)
    writer.write(bytesPerPage)
    writer.pad(to: FileLayout.modelLength)
  }

  /// Reads the record that fills a section.
  init(reading bytes: PlanBytes, at offset: Int) {
    vocabulary = bytes.u32(offset)
    width = bytes.u32(offset + 4)
    layers = bytes.u32(offset + 8)
    bodyBytesPerRow = bytes.u32(offset + 12)
    headBytesPerRow = bytes.u32(offset + 16)
    logits = BufferID(bytes.u32(offset + 20))
    stateBytesPerSlot = bytes.u64(offset + 24)
    bytesPerPage = bytes.u64(offset + 32)
  }
}

extension Instruction {
  /// Appends the record's 64 bytes.
  func encode(to writer: inout ByteWriter) {
    writer.write(opcode.rawValue)
    writer.write(program.rawValue)
    writer.write(name.rawValue)
    for index in words.indices { writer.write(words[index]) }
  }

  /// Reads a record, or gives nil when its opcode or program is unknown.
  ///
  /// Words that came after the plan's minor version are zero in it, and read as absent.
  init?(reading bytes: PlanBytes, at offset: Int, minorVersion: UInt16) {
    guard let opcode = Opcode(rawValue: bytes.u16(offset)),
      let program = Program(rawValue: bytes.u16(offset + 2))
    else { return nil }
    var words = InlineArray<14, UInt32>(repeating: 0)
    for index in words.indices { words[index] = bytes.u32(offset + 8 + 4 * index) }
    if minorVersion < PlanVersion.current.minor {
      for (index, word) in opcode.spec.words.enumerated() where word.since > minorVersion && words[index] == 0
      {
        words[index] = word.kind.absentValue
      }
    }
    self.init(opcode: opcode, program: program, name: StringID(bytes.u32(offset + 4)), words: words)
  }
}

extension Buffer {
  /// Appends the record's 32 bytes.
  func encode(to writer: inout ByteWriter) {
    let numbers = [
      name.rawValue, UInt32(program.rawValue), type.rawValue, width, offset, scale.rawValue, rowSet, 0,
    ]
    for number in numbers { writer.write(number) }
  }

  /// Reads a record, or gives nil when its program or type is unknown, or what is reserved is not zero.
  init?(reading bytes: PlanBytes, at offset: Int) {
    guard let program = UInt16(exactly: bytes.u32(offset + 4)).flatMap(Program.init(rawValue:)),
      let type = ElementType(rawValue: bytes.u32(offset + 8)), bytes.u32(offset + 28) == 0
    else { return nil }
    self.init(
      name: StringID(bytes.u32(offset)), program: program, type: type, width: bytes.u32(offset + 12),
      offset: bytes.u32(offset + 16), scale: ConstantID(bytes.u32(offset + 20)),
      rowSet: bytes.u32(offset + 24))
  }
}

extension Constant {
  /// Appends the record's 48 bytes; `offset` and `length` in the weights section.
  func encode(to writer: inout ByteWriter, offset: UInt64, length: UInt64) {
    for number in [name.rawValue, type.rawValue, layout.rawValue, d0, d1, d2] { writer.write(number) }
    writer.write(offset)
    writer.write(length)
    writer.write(UInt64(0))
  }

  /// Reads a record, or gives nil when its type or layout is unknown, or what is reserved is not zero.
  init?(reading bytes: PlanBytes, at offset: Int) {
    guard let type = ElementType(rawValue: bytes.u32(offset + 4)),
      let layout = ConstantLayout(rawValue: bytes.u32(offset + 8)), bytes.u64(offset + 40) == 0
    else { return nil }
    self.init(
      name: StringID(bytes.u32(offset)), type: type, layout: layout, d0: bytes.u32(offset + 12),
      d1: bytes.u32(offset + 16), d2: bytes.u32(offset + 20))
  }
}
