/// Index of a string in the strings section.
public struct StringID: Hashable, Sendable {
  /// The index.
  public let rawValue: UInt32

  /// Makes an identifier from an index.
  public init(_ rawValue: UInt32) { self.rawValue = rawValue }
}

/// Index of a buffer in the buffers section.
public struct BufferID: Hashable, Sendable {
  /// The index.
  public let rawValue: UInt32

  /// Makes an identifier from an index.
  public init(_ rawValue: UInt32) { self.rawValue = rawValue }

  /// Stands for an operand that is not there.
  public static let absent = BufferID(.max)

  /// Whether this stands for an operand that is not there.
  public var isAbsent: Bool { self == .absent }
}

/// Index of a constant in the constants section.
public struct ConstantID: Hashable, Sendable {
  /// The index.
  public let rawValue: UInt32

  /// Makes an identifier from an index.
  public init(_ rawValue: UInt32) { self.rawValue = rawValue }

  /// Stands for an operand that is not there.
  public static let absent = ConstantID(.max)

  /// Whether this stands for an operand that is not there.
  public var isAbsent: Bool { self == .absent }
}
