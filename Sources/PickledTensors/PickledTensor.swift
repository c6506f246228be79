/// Where a tensor lies in a file that torch saved, and what it is.
public struct PickledTensor: Equatable, Sendable {
  /// The name, compared by its bytes.
  public let name: String
  /// The type of the elements.
  public let element: PickledElement
  /// The size of each dimension, the slowest first; empty for a scalar.
  public let shape: [Int]
  /// The bytes of the file that hold the elements, row-major, little-endian and of any alignment; tensors may share
  /// them.
  public let byteRange: Range<Int>

  /// The number of elements.
  public var elementCount: Int { byteRange.count / element.byteWidth }
}

/// What may not be exceeded in a file that torch saved.
public enum PickledTensorsLimits {
  /// The longest pickle stream, in bytes.
  public static let pickleBytes = 16 << 20
  /// The most entries in one archive.
  public static let entries = 1_000_100
  /// The most tuples and dictionaries in a pickle stream.
  public static let containers = 1_000_000
  /// The most values on the stack of the pickle machine, and the most open marks.
  public static let stack = 100_000
  /// The longest name of a tensor or of an entry, in bytes of UTF-8.
  public static let nameBytes = 1_024
  /// The most dimensions of a tensor.
  public static let rank = 8
}
