/// How much a JSON text may hold before it is refused.
public struct JSONLimits: Equatable, Sendable {
  /// The deepest nesting that any text may have, whatever `maxDepth` says; it bounds recursion.
  public static let deepest = 512

  /// How deep arrays and objects may nest.
  public var maxDepth: Int
  /// How many members and elements the whole text may have.
  public var maxMembers: Int
  /// How many objects the whole text may have; each takes about a kilobyte while it is read.
  public var maxObjects: Int
  /// How long the text may be, in bytes.
  public var maxBytes: Int
  /// Whether `NaN`, `Infinity` and `-Infinity` are accepted as numbers.
  public var allowsNonFinite: Bool

  /// Makes limits; each default suits a file from a model directory.
  public init(
    maxDepth: Int = 32, maxMembers: Int = 2_000_000, maxObjects: Int = 200_000, maxBytes: Int = 512 << 20,
    allowsNonFinite: Bool = false
  ) {
    self.maxDepth = maxDepth
    self.maxMembers = maxMembers
    self.maxObjects = maxObjects
    self.maxBytes = maxBytes
    self.allowsNonFinite = allowsNonFinite
  }
}
