/// The element type of a tensor; the raw value is the storage class that torch names in the file.
public enum PickledElement: String, CaseIterable, Sendable {
  /// A truth value in one byte.
  case bool = "BoolStorage"
  /// Unsigned, 8 bits.
  case u8 = "ByteStorage"
  /// Signed, 8 bits.
  case i8 = "CharStorage"
  /// Signed, 16 bits.
  case i16 = "ShortStorage"
  /// Signed, 32 bits.
  case i32 = "IntStorage"
  /// Signed, 64 bits.
  case i64 = "LongStorage"
  /// IEEE float, 16 bits.
  case f16 = "HalfStorage"
  /// The upper half of an IEEE float of 32 bits.
  case bf16 = "BFloat16Storage"
  /// IEEE float, 32 bits.
  case f32 = "FloatStorage"
  /// IEEE float, 64 bits.
  case f64 = "DoubleStorage"

  /// The bytes of one element.
  public var byteWidth: Int {
    switch self {
    case .bool, .u8, .i8: 1
    case .i16, .f16, .bf16: 2
    case .i32, .f32: 4
    case .i64, .f64: 8
    }
  }
}
