extension WordKind {
  /// Whether the word names a buffer that is read.
  public var isInput: Bool {
    switch self {
    case .input, .update: true
    default: false
    }
  }

  /// Whether the word names a buffer that is written.
  public var isOutput: Bool {
    switch self {
    case .output, .update: true
    default: false
    }
  }
}

extension Instruction {
  /// Whether the instruction adds to what the buffer of this field holds.
  public func accumulates(into field: Field) -> Bool {
    opcode.spec.words.contains { word in
      switch word.kind {
      case .accumulate(field): self[word.field] == 1
      case .update: word.field == field
      default: false
      }
    }
  }

  /// Buffers that are read, those that are added to among them, in the order of the words.
  public var buffersRead: [BufferID] {
    opcode.spec.words.filter { $0.kind.isInput || accumulates(into: $0.field) }.compactMap {
      buffer($0.field)
    }
  }

  /// The first buffer that is written, or nil when there is none.
  var firstBufferWritten: BufferID? {
    opcode.spec.words.first { $0.kind.isOutput }.flatMap { buffer($0.field) }
  }

  /// Buffers that are written, in the order of the words.
  public var buffersWritten: [BufferID] {
    opcode.spec.words.filter { $0.kind.isOutput }.compactMap { buffer($0.field) }
  }
}

extension Buffer {
  /// Arena bytes of one row that the buffer takes.
  public var rowRange: Range<UInt64> { UInt64(offset)..<(UInt64(offset) + bytesPerRow) }

  /// Whether the two share bytes of an arena.
  public func overlaps(_ other: Buffer) -> Bool {
    program == other.program && rowRange.overlaps(other.rowRange)
  }
}

extension StateShape {
  /// Bytes of a convolution's history, a multiple of 64.
  public static func historyBytes(taps: UInt32, channels: UInt32, type: ElementType) -> UInt64 {
    let row = roundedUp(UInt64(channels), to: 16) * UInt64(type.byteCount)
    return roundedUp(UInt64(max(taps, 1) - 1) * row, to: 64)
  }

  /// Bytes of a scan's hidden state, a multiple of 64.
  public static func hiddenBytes(channels: UInt32, states: UInt32, type: ElementType = .f32) -> UInt64 {
    roundedUp(roundedUp(UInt64(channels), to: 16) * UInt64(states) * UInt64(type.byteCount), to: 64)
  }

  /// Bytes of keys and values in one page, a multiple of 64.
  /// - Parameter width: channels of one key head; values pad them to 16.
  public static func pageBytes(keyHeads: UInt32, width: UInt32, type: ElementType) -> UInt64 {
    let channels = UInt64(keyHeads) * (UInt64(width) + roundedUp(UInt64(width), to: 16))
    return channels * PlanLimits.pageTokens * UInt64(type.byteCount)
  }
}
