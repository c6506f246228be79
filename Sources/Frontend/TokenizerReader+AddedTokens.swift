import JSONText
import Tokenization

/// Tokens that are cut out of the text before the model sees it.
extension TokenizerReader {
  mutating func readAddedTokens(_ file: JSONCursor) {
    guard file.contains("added_tokens") else { return }
    let list = attempt("a list of added tokens") { () throws(JSONError) in try file["added_tokens"].array() }
    var contents: Set<[UInt8]> = []
    for cursor in list ?? [] {
      checkMembers(
        cursor, known: ["id", "content", "single_word", "lstrip", "rstrip", "normalized", "special"])
      let hint = "an added token has id, content, single_word, lstrip, rstrip, normalized and special"
      guard let token = attempt(hint, { () throws(JSONError) in try Self.readToken(cursor) }) else {
        continue
      }
      guard contents.insert(token.content).inserted else {
        refuse(cursor.path, "the text occurs twice", hint: "added tokens must be distinct")
        continue
      }
      add(token, path: cursor.path)
    }
  }

  private static func readToken(_ cursor: JSONCursor) throws(JSONError) -> AddedToken {
    let names: [(String, AddedToken.Flags)] = [
      ("single_word", .singleWord), ("lstrip", .stripsLeft), ("rstrip", .stripsRight),
      ("normalized", .normalized), ("special", .special),
    ]
    var flags: AddedToken.Flags = []
    for (name, flag) in names where try cursor[name].bool() { flags.insert(flag) }
    let content = Array(try cursor["content"].string().utf8)
    guard !content.isEmpty else { throw cursor.error("the content is empty") }
    guard content.count <= AddedToken.longestContent else {
      throw cursor.error(
        "the content has \(content.count) bytes, more than \(AddedToken.longestContent)")
    }
    let id = try cursor["id"].int()
    guard (0..<TokenizerTables.maximumVocabulary).contains(id) else {
      throw cursor.error("the id is not a number below \(TokenizerTables.maximumVocabulary)")
    }
    return AddedToken(id: UInt32(id), content: content, flags: flags)
  }

  /// The `tokenizers` library does not look at an added token's id but computes it, so both must agree.
  private mutating func add(_ token: AddedToken, path: String) {
    let name = String(decoding: token.content, as: UTF8.self)
    let expected = id(of: name) ?? nextFreeID
    guard token.id == expected else {
      refuse(
        "\(path).id", "'\(name)' has id \(token.id), but the tokenizers library would give it \(expected)",
        hint: "added tokens repeat their id in the vocabulary, or follow it without gaps")
      return
    }
    if id(of: name) == nil {
      guard claim(.integer(Int64(token.id)), path: path, name: name) != nil else { return }
      tokens[Int(token.id)] = (joinsBytes ? ByteAlphabet.bytes(of: name) : nil) ?? token.content
    }
    addedTokens.append(token)
    largestAddedID = max(largestAddedID ?? 0, token.id)
  }

  private var nextFreeID: UInt32 {
    let size = UInt32(vocabulary.count)
    guard let last = largestAddedID, last >= size else { return size }
    return last + 1
  }
}
