import JSONText
import Tokenization

/// What has been gathered from the files; a part that cannot be read adds a problem, and reading goes on.
struct TokenizerReader {
  private static let mostProblems = 64

  /// The file being read, for problems.
  var file = "tokenizer.json"
  private(set) var problems: [TokenizerProblem] = []
  private(set) var notes: [TokenizerProblem] = []

  /// The model's tokens by name.
  var vocabulary = JSONObject()
  /// Decoded bytes by id, `[maximumID + 1]`.
  var tokens: [[UInt8]] = []
  /// Whether an id has a token, `[maximumID + 1]`.
  var isUsed: [Bool] = []
  /// Byte tokens, `[256]`.
  var byteTokens: [UInt32] = []
  /// Tokens of one character, where merges join characters.
  var characterTokens: [UInt32] = []
  /// Whether merges join bytes.
  var joinsBytes = true
  var merges: [TokenizerTables.Merge] = []
  var wholePieces: [UInt32] = []
  var addedTokens: [AddedToken] = []
  /// The largest id among them; nil where there are none.
  var largestAddedID: UInt32?

  /// The largest id with a token.
  var maximumID: UInt32 { UInt32(max(tokens.count, 1) - 1) }

  func makeTables(
    rules: TokenizerTables.Rules, policy: TokenizerTables.Policy
  ) throws(TokenizerSectionError) -> TokenizerTables {
    try TokenizerTables(
      tokens: tokens, byteTokens: byteTokens, characterTokens: characterTokens, merges: merges,
      wholePieces: wholePieces, addedTokens: addedTokens.sorted { $0.id < $1.id }, rules: rules,
      policy: policy)
  }

  mutating func refuse(_ path: String, _ message: String, hint: String) {
    guard problems.count < Self.mostProblems else { return }
    problems.append(TokenizerProblem(path: path, message: message, hint: hint, file: file))
  }

  /// Refuses what is legal and not among what is `supported`.
  mutating func refuse(_ path: String, _ message: String, supported: String) {
    guard problems.count < Self.mostProblems else { return }
    problems.append(
      TokenizerProblem(
        path: path, message: message, hint: "supported: \(supported)", isUnsupported: true, file: file))
  }

  mutating func note(_ path: String, _ message: String, hint: String) {
    notes.append(TokenizerProblem(path: path, message: message, hint: hint, file: file))
  }

  /// The result of `body`, or nil after its error became a problem.
  mutating func attempt<Result>(_ hint: String, _ body: () throws(JSONError) -> Result) -> Result? {
    do {
      return try body()
    } catch {
      if problems.count < Self.mostProblems {
        problems.append(TokenizerProblem(error, hint: hint, file: file))
      }
      return nil
    }
  }

  /// Refuses members that are not `known`: what they ask for would not be done.
  mutating func checkMembers(_ cursor: JSONCursor, known: [String]) {
    guard case .object(let object) = cursor.value else { return }
    for name in object.names where !known.contains(name) {
      refuse(
        "\(cursor.path).\(name)", "unknown setting '\(name)'",
        supported: known.joined(separator: ", "))
    }
  }

  /// The boolean member `name`, or `standard` where it is absent or null.
  mutating func flag(_ name: String, of cursor: JSONCursor, standard: Bool) -> Bool {
    let value = attempt("\(name) must be true or false") { () throws(JSONError) in
      try cursor.optional(name)?.bool() ?? standard
    }
    return value ?? standard
  }

  /// The member `type`; a problem where it is not one of `supported`.
  mutating func type(of cursor: JSONCursor, called name: String, supported: [String]) -> String? {
    let list = supported.joined(separator: ", ")
    let text = attempt("supported: \(list)") { () throws(JSONError) in try cursor["type"].string() }
    guard let text, !supported.contains(text) else { return text }
    refuse("\(cursor.path).type", "\(name).type is '\(text)'", supported: list)
    return nil
  }
}
