/// What one element of a buffer or a constant is; the codes are those of `qk_type`.
public enum ElementType: UInt32, CaseIterable, Sendable {
  case f32 = 0
  case bf16 = 1
  case f16 = 2
  case i8 = 3
  case i32 = 4
  /// Codes −32639…32639 in two planes of signed bytes: 256 · high + low, first all `high` of a row, then all `low`.
  case i16 = 5
  /// Codes −7…7 of a weight, two in a byte; only of constants in `panelsInt4`.
  case i4 = 6

  /// Bytes of one element; of `i4`, which lies in pairs, those of a pair.
  public var byteCount: Int {
    switch self {
    case .f32, .i32: 4
    case .bf16, .f16, .i16: 2
    case .i8, .i4: 1
    }
  }

  /// The minor version that brought it.
  var since: UInt16 {
    switch self {
    case .f32, .bf16, .f16, .i8, .i32: 0
    case .i16: 1
    case .i4: 3
    }
  }

  /// Whether elements are codes, which a scale turns into values.
  public var isCodes: Bool { self == .i8 || self == .i16 || self == .i4 }
}

/// How the elements of a constant lie in the weights section.
public enum ConstantLayout: UInt32, CaseIterable, Sendable {
  /// `[d0]`, padded to 16 elements; float32 or int32.
  case vector = 0
  /// `[d0, d1]` row after row, unpadded; float32, bfloat16, float16 or int8. An embedding table.
  case rowMajor = 1
  /// `[outputs d0, inputs d1]` as `[panel][k/4][16][4]`, outputs padded to 16 and inputs to 4; int8.
  case panelsInt8 = 2
  /// `[outputs d0, inputs d1]` as `[panel][k][16]`, outputs padded to 16; float32, bfloat16 or float16.
  case panelsFloat = 3
  /// `[taps d0, channels d1]`, oldest tap first, channels padded to 16; float32.
  case taps = 4
  /// `[channels d0, n d1]` as `[block of 16 channels][n][16]`; float32.
  case channelBlocks = 5
  /// `[outputs d0, inputs d1]` as `[panel][k/8][16][4]` bytes, outputs padded to 16 and inputs to 8: of inputs 8b … 8b + 7
  /// byte j has 8b + j in its low half and 8b + 4 + j in its high half; int4 in two's complement.
  case panelsInt4 = 6
  /// Factors of groups of 128 inputs, `[outputs d0, groups d1]` as `[panel][group][16]`, outputs padded to 16 with zeros;
  /// unsigned bytes.
  case groupFactors = 7

  /// Whether a constant of this layout may have elements of the type.
  func holds(_ type: ElementType) -> Bool {
    switch self {
    case .vector: type == .f32 || type == .i32
    case .rowMajor: type == .f32 || type == .bf16 || type == .f16 || type == .i8
    case .panelsInt8, .groupFactors: type == .i8
    case .panelsFloat: type == .f32 || type == .bf16 || type == .f16
    case .taps, .channelBlocks: type == .f32
    case .panelsInt4: type == .i4
    }
  }

  /// How many of the three dimensions are in use; the others are zero.
  public var rank: Int { self == .vector ? 1 : 2 }
}
