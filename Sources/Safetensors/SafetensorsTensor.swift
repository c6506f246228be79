/// Where a tensor lies in a safetensors file, and what it is.
public struct SafetensorsTensor: Equatable, Sendable {
  /// The name, compared by its bytes.
  public let name: String
  /// The type of the elements.
  public let element: SafetensorsElement
  /// The size of each dimension, the slowest first; empty for a scalar.
  public let shape: [Int]
  /// The bytes of the file that hold the elements, row-major, little-endian and of any alignment.
  public let byteRange: Range<Int>

  /// The number of elements.
  public var elementCount: Int { byteRange.count / element.byteWidth }
}

/// What may not be exceeded in a safetensors file.
public enum SafetensorsLimits {
  /// The longest header, in bytes.
  public static let headerBytes = 100_000_000
  /// The most tensors in one file.
  public static let tensors = 1_000_000
  /// The longest name of a tensor, in bytes of UTF-8.
  public static let nameBytes = 1_024
  /// The most dimensions of a tensor.
  public static let rank = 8
}

/// The name in a header under which metadata stand.
let metadataName = "__metadata__"

/// Gives the bytes that a tensor needs.
/// - Throws: `SafetensorsError` where the rank, a dimension or the product is out of range.
func byteCount(
  of name: String, element: SafetensorsElement, shape: [Int]
) throws(SafetensorsError) -> Int {
  guard shape.count <= SafetensorsLimits.rank else {
    throw .rankTooHigh(tensor: name, rank: shape.count, limit: SafetensorsLimits.rank)
  }
  var bytes = element.byteWidth
  for dimension in shape {
    guard dimension >= 0 else { throw .negativeDimension(tensor: name, dimension: dimension) }
    let (product, overflows) = bytes.multipliedReportingOverflow(by: dimension)
    guard !overflows else { throw .overflow(tensor: name) }
    bytes = product
  }
  return bytes
}

/// Refuses a name that is too long.
func checkName(_ name: String) throws(SafetensorsError) {
  let bytes = name.utf8.count
  guard bytes <= SafetensorsLimits.nameBytes else {
    let limit = SafetensorsLimits.nameBytes
    throw .nameTooLong(beginning: String(name.unicodeScalars.prefix(64)), bytes: bytes, limit: limit)
  }
}
