/// Commands as one types them.
enum CommandText {
  /// Options that change how a command runs and nothing of what it makes.
  private static let passing = ["--threads", "--progress"]

  /// The command that this process was started with, without options that what it makes does not depend on.
  static var own: String {
    var words = ["quamba"]
    var rest = CommandLine.arguments.dropFirst()
    while let word = rest.popFirst() {
      if passing.contains(word) {
        _ = rest.popFirst()
      } else if !passing.contains(where: { word.hasPrefix($0 + "=") }) {
        words.append(word)
      }
    }
    return words.map(quoted).joined(separator: " ")
  }

  /// A word as a shell reads it.
  static func quoted(_ word: String) -> String {
    let isPlain = word.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-")...UInt8(ascii: "/"), UInt8(ascii: "_"),
        UInt8(ascii: "="), UInt8(ascii: ":"), UInt8(ascii: ","):
        true
      default: false
      }
    }
    return isPlain && !word.isEmpty ? word : "'" + word.replacing("'", with: "'\\''") + "'"
  }
}
