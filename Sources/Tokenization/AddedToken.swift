/// A token that is cut out of the text before the text is split into pieces.
public struct AddedToken: Equatable, Sendable {
  /// How an added token is matched and shown.
  public struct Flags: OptionSet, Equatable, Sendable {
    /// One bit per flag; the plan's tokenizer section stores this number.
    public let rawValue: UInt32

    /// Wraps stored bits, known or not.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// A control token: `decode(_:skipSpecial:)` leaves it out.
    public static let special = Flags(rawValue: 1)
    /// Matched in normalized text, in normalized form; otherwise in the text as given.
    public static let normalized = Flags(rawValue: 2)
    /// Swallows the white space before it.
    public static let stripsLeft = Flags(rawValue: 4)
    /// Swallows the white space after it.
    public static let stripsRight = Flags(rawValue: 8)
    /// Matches only where no word character touches it.
    public static let singleWord = Flags(rawValue: 16)
    /// Every flag there is.
    public static let all: Flags = [.special, .normalized, .stripsLeft, .stripsRight, .singleWord]
  }

  /// The most bytes of a content, as given and as it is matched.
  public static let longestContent = 1_024
  /// The most bytes of all contents of a tokenizer, as they are matched.
  static let mostBytes = 16 << 20

  /// The id that the token becomes.
  public let id: UInt32
  /// The text to match, as UTF-8.
  public let content: [UInt8]
  /// How it is matched and shown.
  public let flags: Flags

  /// An added token with its id, its text in UTF-8, and its flags.
  public init(id: UInt32, content: [UInt8], flags: Flags) {
    self.id = id
    self.content = content
    self.flags = flags
  }
}
