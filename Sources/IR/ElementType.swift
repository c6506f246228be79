/// The type of one element of a value.
public enum ElementType: String, CaseIterable, Sendable {
  /// Single precision.
  case f32
  /// The upper half of single precision.
  case bf16
  /// Half precision.
  case f16
  /// Codes of a quantized value.
  case i8
  /// Codes of a quantized row, of 16 bits.
  case i16
  /// Codes of a weight, of 4 bits.
  case i4
  /// Token ids.
  case i32

  /// Bytes of one element by itself.
  public var byteWidth: Int {
    switch self {
    case .f32, .i32: 4
    case .bf16, .f16, .i16: 2
    case .i8, .i4: 1
    }
  }

  /// Whether elements are floating-point numbers.
  public var isFloat: Bool { self == .f32 || self == .bf16 || self == .f16 }

  /// Whether elements are codes of a quantized value.
  public var isCodes: Bool { self == .i8 || self == .i16 }
}
