/// What an instruction does; `spec` says it precisely.
public enum Opcode: UInt16, CaseIterable, Sendable {
  case embed = 1
  case norm = 2
  case linear = 3
  case conv = 4
  case scan = 5
  case hadamard = 6
  case quantize = 7
  case select = 8
  case headScan = 9
  case timeStep = 10
  case gate = 13
  case attend = 14
  case route = 15
  case dispatch = 16
  case combine = 17
}

/// The program that an instruction or a buffer belongs to.
public enum Program: UInt16, CaseIterable, Sendable {
  /// Runs over all rows of a call and advances the states.
  case body = 0
  /// Turns chosen rows of the last call into logits.
  case head = 1
}

/// The name of one word of an instruction; where it stands is written in `OpcodeSpec`.
public enum Field: String, CaseIterable, Sendable {
  case input, output, secondOutput
  case table, rowScale
  case gain, epsilon
  case inverse, secondInverse
  case weights, correction, multiplier, bias, accumulate, factors
  case u, dt, b, c, z
  case a, d, dtBias
  case state, stateType, stateScale, stateInverse, peak
  case factor, block, order
  case delta, groups, minimum, maximum
  case q, k, v, heads, keyHeads, scale, cache
  case routes, expert, count
}

/// The value of one word, for building an instruction.
public enum Operand: Sendable {
  /// A buffer read or written.
  case buffer(BufferID)
  /// A constant read.
  case constant(ConstantID)
  /// A number in its own right.
  case integer(UInt32)
  /// A float32, stored as its bits.
  case float(Float)
  /// Where the instruction's state begins in the slot, or in a page, in bytes, a multiple of 64 below 4 GiB.
  case stateOffset(UInt64)

  /// The word as it stands in the record.
  var word: UInt32 {
    switch self {
    case .buffer(let id): id.rawValue
    case .constant(let id): id.rawValue
    case .integer(let value): value
    case .float(let value): value.bitPattern
    case .stateOffset(let bytes): UInt32(truncatingIfNeeded: bytes / 64)
    }
  }
}
