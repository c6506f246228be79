import JSONText
import Tokenization

/// The BPE model: vocabulary and merges.
extension TokenizerReader {
  private static var modelMembers: [String] {
    [
      "type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk",
      "byte_fallback", "ignore_merges", "vocab", "merges",
    ]
  }

  mutating func readModel(_ file: JSONCursor) {
    let hint = "supported: a BPE model with vocab and merges"
    guard let model = attempt(hint, { () throws(JSONError) in try file["model"] }) else { return }
    // Files from before the member existed hold no type.
    if model.contains("type"), type(of: model, called: "model", supported: ["BPE"]) == nil { return }
    checkMembers(model, known: Self.modelMembers)
    checkSettings(model)
    guard let names = attempt(hint, { () throws(JSONError) in try model["vocab"].object() }) else { return }
    vocabulary = names
    readVocabulary(wholePieces: flag("ignore_merges", of: model, standard: false))
    guard let rows = attempt(hint, { () throws(JSONError) in try model["merges"] }) else { return }
    readMerges(rows)
  }

  /// Settings that would change ids are refused unless they are off.
  private mutating func checkSettings(_ model: JSONCursor) {
    var off: [(String, [JSONValue], String)] = [
      ("dropout", [.integer(0), .number(0)], "encoding must be deterministic: null"),
      ("continuing_subword_prefix", [.string("")], "null"),
      ("end_of_word_suffix", [.string("")], "null"),
    ]
    if joinsBytes {
      off += [
        ("unk_token", [], "null; with a token for every byte it is never used"),
        ("fuse_unk", [.bool(false)], "false"), ("byte_fallback", [.bool(false)], "false"),
      ]
    } else if !flag("byte_fallback", of: model, standard: false) {
      refuse(
        "\(model.path).byte_fallback", "model.byte_fallback is not set",
        supported: "true, where there is no ByteLevel: every character must have a token or bytes")
    }
    for (name, accepted, hint) in off {
      guard let setting = member(name, of: model), !accepted.contains(setting.value) else { continue }
      refuse(setting.path, "model.\(name) is set", supported: hint)
    }
  }

  private mutating func readVocabulary(wholePieces keepsPieces: Bool) {
    var pieces: [(bytes: [UInt8], id: UInt32)] = []
    for (name, value) in vocabulary.members {
      guard let id = claim(value, path: "$.model.vocab", name: name) else { continue }
      let bytes = joinsBytes ? ByteAlphabet.bytes(of: name) : Array(name.utf8)
      tokens[Int(id)] = bytes ?? Array(name.utf8)
      if !joinsBytes, name.unicodeScalars.count == 1 { characterTokens.append(id) }
      if let bytes, !bytes.isEmpty, keepsPieces { pieces.append((bytes, id)) }
    }
    pieces.sort { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    wholePieces = pieces.map(\.id)
    characterTokens.sort { tokens[Int($0)].lexicographicallyPrecedes(tokens[Int($1)]) }
    byteTokens = (0..<256).map { byte in id(of: byteName(UInt8(byte))) ?? TokenizerTables.noToken }
    let missing = (0..<256).filter {
      byteTokens[$0] == TokenizerTables.noToken && TokenizerTables.occursInText(UInt8($0))
    }
    if let first = missing.first {
      refuse(
        "$.model.vocab", "\(missing.count) byte tokens are missing, the first for byte \(first)",
        hint: "the vocabulary needs a token for every byte that occurs in UTF-8")
    }
  }

  /// The name of a byte's token.
  private func byteName(_ byte: UInt8) -> String {
    joinsBytes
      ? String(ByteAlphabet.character(of: byte))
      : String(decoding: TokenizerTables.fallbackName(of: byte), as: UTF8.self)
  }

  /// Marks an id as used by `name`; nil after a problem.
  mutating func claim(_ value: JSONValue, path: String, name: String) -> UInt32? {
    guard case .integer(let number) = value, number >= 0, number < TokenizerTables.maximumVocabulary else {
      refuse(
        path, "the id of '\(name)' is not a number below \(TokenizerTables.maximumVocabulary)",
        hint: "ids are small integers")
      return nil
    }
    let id = Int(number)
    if id >= tokens.count {
      tokens += Array(repeating: [], count: id + 1 - tokens.count)
      isUsed += Array(repeating: false, count: id + 1 - isUsed.count)
    }
    guard !isUsed[id] else {
      refuse(path, "id \(id) of '\(name)' belongs to another token", hint: "ids must be distinct")
      return nil
    }
    isUsed[id] = true
    return UInt32(id)
  }

  /// The id of a name in the model's vocabulary.
  func id(of name: String) -> UInt32? {
    guard case .integer(let number) = vocabulary[name] else { return nil }
    return UInt32(exactly: number)
  }

  private mutating func readMerges(_ rows: JSONCursor) {
    guard case .array(let values) = rows.value else {
      return refuse(rows.path, "not a list", hint: "merges are \"a b\" or [\"a\", \"b\"]")
    }
    merges.reserveCapacity(values.count)
    for (index, value) in values.enumerated() {
      guard let (left, right) = Self.pair(value) else {
        if Self.isVersionLine(value) { continue }
        refuse("\(rows.path)[\(index)]", "not a pair of tokens", hint: "\"a b\" or [\"a\", \"b\"]")
        continue
      }
      guard let leftID = id(of: left), let rightID = id(of: right), let result = id(of: left + right),
        !joinsBytes || ByteAlphabet.bytes(of: left + right) != nil
      else {
        refuse(
          "\(rows.path)[\(index)]", "'\(left)', '\(right)' or both joined is no token",
          hint: "merges join tokens of the vocabulary")
        continue
      }
      merges.append(TokenizerTables.Merge(left: leftID, right: rightID, result: result))
    }
  }

  private static func pair(_ value: JSONValue) -> (String, String)? {
    switch value {
    case .array(let parts):
      guard parts.count == 2, case .string(let left) = parts[0], case .string(let right) = parts[1] else {
        return nil
      }
      return (left, right)
    case .string(let text):
      guard !isVersionLine(value) else { return nil }
      let parts = text.unicodeScalars.split(separator: " ", omittingEmptySubsequences: false)
      return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
    default: return nil
    }
  }

  /// The first line of `merges.txt`, which some files carry along.
  private static func isVersionLine(_ value: JSONValue) -> Bool {
    guard case .string(let text) = value else { return false }
    return text.hasPrefix("#version")
  }
}
