/// The element type of a stored tensor; the raw value is its name in the file.
public enum SafetensorsElement: String, CaseIterable, Sendable {
  /// A truth value in one byte.
  case bool = "BOOL"
  /// Unsigned, 8 bits.
  case u8 = "U8"
  /// Signed, 8 bits.
  case i8 = "I8"
  /// Float, 8 bits: 5 of exponent, 2 of mantissa.
  case f8E5M2 = "F8_E5M2"
  /// Float, 8 bits: 4 of exponent, 3 of mantissa.
  case f8E4M3 = "F8_E4M3"
  /// A power of two in 8 bits of exponent.
  case f8E8M0 = "F8_E8M0"
  /// Unsigned, 16 bits.
  case u16 = "U16"
  /// Signed, 16 bits.
  case i16 = "I16"
  /// IEEE float, 16 bits.
  case f16 = "F16"
  /// The upper half of an IEEE float of 32 bits.
  case bf16 = "BF16"
  /// Unsigned, 32 bits.
  case u32 = "U32"
  /// Signed, 32 bits.
  case i32 = "I32"
  /// IEEE float, 32 bits.
  case f32 = "F32"
  /// Unsigned, 64 bits.
  case u64 = "U64"
  /// Signed, 64 bits.
  case i64 = "I64"
  /// IEEE float, 64 bits.
  case f64 = "F64"
  /// Two IEEE floats of 32 bits, real and imaginary part.
  case c64 = "C64"

  /// The bytes of one element.
  public var byteWidth: Int {
    switch self {
    case .bool, .u8, .i8, .f8E5M2, .f8E4M3, .f8E8M0: 1
    case .u16, .i16, .f16, .bf16: 2
    case .u32, .i32, .f32: 4
    case .u64, .i64, .f64, .c64: 8
    }
  }
}
