/// Where the elements of checkpoint tensors come from.
public protocol TensorSource: Sendable {
  /// Reads elements `range` of a tensor, row-major, widened to floats.
  /// - Throws: an error of the source where the tensor is unknown or shorter.
  func read(_ tensor: String, _ range: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>) throws

  /// Copies elements `range` of a tensor, row-major, in the type that the module declares for it.
  /// - Throws: as `read`.
  func copy(_ tensor: String, _ range: Range<Int>, into destination: UnsafeMutableRawBufferPointer) throws
}

/// A source without tensors, for modules whose constants are all self-contained.
public struct NoTensors: TensorSource {
  /// An empty source.
  public init() {}

  /// Always throws: there is no tensor.
  public func read(_ tensor: String, _ range: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>)
    throws
  {
    throw TypeError("there is no tensor '\(tensor)'")
  }

  /// Always throws: there is no tensor.
  public func copy(_ tensor: String, _ range: Range<Int>, into destination: UnsafeMutableRawBufferPointer)
    throws
  {
    throw TypeError("there is no tensor '\(tensor)'")
  }
}

extension ConstantSource {
  /// Writes elements `range` of the constant, row-major.
  /// - Throws: an error of `tensors` where an element cannot be had.
  public func read(
    _ range: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>, tensors: some TensorSource
  ) throws {
    switch self {
    case .tensor(let name): try tensors.read(name, range, into: destination)
    case .zero: destination.update(repeating: 0)
    case .splat(let value): destination.update(repeating: value)
    case .random(let seed, let amplitude):
      for (offset, index) in range.enumerated() {
        destination[offset] = amplitude * Self.uniform(seed: UInt64(truncatingIfNeeded: seed), index: index)
      }
    case .signs(let seed):
      for (offset, index) in range.enumerated() { destination[offset] = Self.sign(seed: seed, index: index) }
    case .values(let values):
      guard range.upperBound <= values.count else { throw TypeError("a literal constant is too short") }
      for (offset, index) in range.enumerated() { destination[offset] = values[index] }
    }
  }

  /// The first elements of `signs(seed)`.
  public static func signs(count: Int, seed: Int) -> [Float] {
    (0..<count).map { sign(seed: seed, index: $0) }
  }

  private static func sign(seed: Int, index: Int) -> Float {
    uniform(seed: UInt64(truncatingIfNeeded: seed), index: index) < 0 ? -1 : 1
  }

  /// Element `index` of the sequence of `seed`, in -1 ..< 1 (SplitMix64 of seed and index).
  private static func uniform(seed: UInt64, index: Int) -> Float {
    var z = seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(index + 1) &* 0xD1B5_4A32_D192_ED03
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    z ^= z >> 31
    return Float(z >> 40) / Float(1 << 23) - 1
  }
}
