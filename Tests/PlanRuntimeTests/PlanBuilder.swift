import PlanFormat

/// Random numbers that are the same in every run.
struct TestRandom {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func bits() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }

  /// Evenly from -1 to 1.
  mutating func signed() -> Float { Float(Int64(bitPattern: bits()) >> 40) * 0x1p-23 }

  mutating func signed(_ count: Int, times factor: Float = 1, plus offset: Float = 0) -> [Float] {
    (0..<count).map { _ in signed() * factor + offset }
  }
}

/// A plan with its constants' bytes, for tests.
struct PlanBuilder {
  var draft = PlanDraft(
    model: ModelRecord(
      vocabulary: 1, width: 1, layers: 1, bodyBytesPerRow: 64, headBytesPerRow: 64, logits: BufferID(0),
      stateBytesPerSlot: 0))
  var constants: [[UInt8]] = []
  var random: TestRandom
  private var ends: [Program: UInt32] = [.body: 0, .head: 0]
  private var stateEnd: UInt64 = 0

  init(seed: UInt64) { random = TestRandom(seed) }

  /// The file's bytes, with digests of zeros.
  func bytes() throws -> [UInt8] {
    try PlanLayout(draft).assemble(constants: constants) { _ in Array(repeating: 0, count: 32) }
  }

  // MARK: buffers and states

  /// Adds a buffer after those that `mark` kept.
  mutating func buffer(
    _ name: String, _ type: ElementType, _ width: Int, program: Program = .body, scale: ConstantID = .absent
  ) -> BufferID {
    let offset = ends[program] ?? 0
    let id = draft.addBuffer(
      name, program: program, type: type, width: UInt32(width), offset: offset, scale: scale)
    ends[program] = offset + UInt32(Buffer.bytesPerRow(type: type, width: UInt32(width)))
    let total = max(ends[program] ?? 0, 64)
    if program == .body {
      draft.model.bodyBytesPerRow = max(draft.model.bodyBytesPerRow, total)
    } else {
      draft.model.headBytesPerRow = max(draft.model.headBytesPerRow, total)
    }
    return id
  }

  var mark: UInt32 { ends[.body] ?? 0 }

  /// Lets later buffers of the body overwrite those after the mark.
  mutating func release(to mark: UInt32) { ends[.body] = mark }

  mutating func state(_ bytes: UInt64) -> Operand {
    defer {
      stateEnd += bytes
      draft.model.stateBytesPerSlot = stateEnd
    }
    return .stateOffset(stateEnd)
  }

  // MARK: constants

  mutating func add(
    _ name: String, _ type: ElementType, _ layout: ConstantLayout, _ d0: Int, _ d1: Int, _ bytes: [UInt8]
  ) -> ConstantID {
    constants.append(bytes)
    return draft.addConstant(name, type: type, layout: layout, d0: UInt32(d0), d1: UInt32(d1))
  }

  mutating func vector(_ name: String, _ values: [Float], padding: Float = 0) -> ConstantID {
    let missing = Array(repeating: padding, count: padded(values.count, 16) - values.count)
    return add(name, .f32, .vector, values.count, 0, encode(values + missing, .f32))
  }

  mutating func integers(_ name: String, _ values: [Int32]) -> ConstantID {
    let missing = Array(repeating: Int32(0), count: padded(values.count, 16) - values.count)
    let bytes = (values + missing).flatMap { littleEndian(UInt32(bitPattern: $0)) }
    return add(name, .i32, .vector, values.count, 0, bytes)
  }

  mutating func table(_ name: String, _ type: ElementType, _ rows: [[Float]]) -> ConstantID {
    add(name, type, .rowMajor, rows.count, rows[0].count, encode(rows.flatMap { $0 }, type))
  }

  /// Rows of outputs, as `[panel][k][16]` or, for int8, `[panel][k/4][16][4]`.
  mutating func panels(_ name: String, _ type: ElementType, _ rows: [[Float]]) -> ConstantID {
    let (outputs, inputs) = (rows.count, rows[0].count)
    let group = type == .i8 ? 4 : 1
    var values: [Float] = []
    for panel in 0..<(padded(outputs, 16) / 16) {
      for k in 0..<(padded(inputs, group) / group) {
        for lane in 0..<16 {
          for step in 0..<group {
            let (row, column) = (panel * 16 + lane, k * group + step)
            values.append(row < outputs && column < inputs ? rows[row][column] : 0)
          }
        }
      }
    }
    let layout: ConstantLayout = type == .i8 ? .panelsInt8 : .panelsFloat
    return add(name, type, layout, outputs, inputs, encode(values, type))
  }

  mutating func taps(_ name: String, _ rows: [[Float]]) -> ConstantID {
    let width = rows[0].count
    let values = rows.flatMap { $0 + Array(repeating: 0, count: padded(width, 16) - width) }
    return add(name, .f32, .taps, rows.count, width, encode(values, .f32))
  }

  /// Rows of channels with n elements each.
  mutating func channelBlocks(_ name: String, _ rows: [[Float]]) -> ConstantID {
    var values: [Float] = []
    for block in 0..<(padded(rows.count, 16) / 16) {
      for index in rows[0].indices {
        for lane in 0..<16 {
          let row = block * 16 + lane
          values.append(row < rows.count ? rows[row][index] : 0)
        }
      }
    }
    return add(name, .f32, .channelBlocks, rows.count, rows[0].count, encode(values, .f32))
  }
}

func padded(_ count: Int, _ step: Int) -> Int { (count + step - 1) / step * step }

func littleEndian(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

func encode(_ values: [Float], _ type: ElementType) -> [UInt8] {
  values.flatMap { value -> [UInt8] in
    switch type {
    case .f32, .i32, .i16, .i4: littleEndian(value.bitPattern)
    case .bf16: Array(littleEndian(value.bitPattern)[2...])
    case .f16: Array(littleEndian(UInt32(Float16(value).bitPattern))[..<2])
    case .i8: [UInt8(bitPattern: Int8(value))]
    }
  }
}
