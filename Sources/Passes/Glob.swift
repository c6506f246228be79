/// A pattern of tensor names: `*` stands for any characters, dots among them, `?` for one.
public struct Glob: Hashable, Sendable {
  /// The most bytes of a pattern, and of a tensor's name.
  public static let longest = 1_024

  /// The pattern as it was written.
  public let text: String
  /// Bytes of the shortest name that the pattern may stand for.
  private let least: Int

  /// A pattern; nil where it is empty, too long, or has characters that no tensor's name has.
  public init?(_ text: String) {
    guard (1...Self.longest).contains(text.utf8.count), text.utf8.allSatisfy(Self.isAllowed) else {
      return nil
    }
    self.text = text
    least = text.utf8.count { $0 != Self.star }
  }

  /// Whether the pattern stands for a name.
  /// - Complexity: O(pattern · name).
  public func matches(_ name: String) -> Bool {
    guard name.utf8.count >= least else { return false }
    let (pattern, name) = (Array(text.utf8), Array(name.utf8))
    var (place, position) = (0, 0)
    /// Where to go on when the last `*` takes one character more.
    var retry: (place: Int, position: Int)?
    while position < name.count {
      if place < pattern.count, pattern[place] == Self.star {
        retry = (place + 1, position)
        place += 1
      } else if place < pattern.count, pattern[place] == Self.mark || pattern[place] == name[position] {
        place += 1
        position += 1
      } else if let (start, taken) = retry {
        retry = (start, taken + 1)
        (place, position) = (start, taken + 1)
      } else {
        return false
      }
    }
    return pattern[place...].allSatisfy { $0 == Self.star }
  }

  /// What `init` takes, in words.
  public static let form =
    "a pattern is made of 1 to \(longest) letters, digits, '_', '.', '-', '+', '*' and '?'"

  private static let star = UInt8(ascii: "*")
  private static let mark = UInt8(ascii: "?")
  private static let others = Set("0123456789_.-+*?".utf8)

  private static func isAllowed(_ byte: UInt8) -> Bool {
    (0x61...0x7A).contains(byte | 0x20) || others.contains(byte)
  }
}
