import JSONText
import Tokenization

/// Which ids begin and end a text.
extension TokenizerReader {
  /// EOS and BOS from the first file that names them; what is added to a text from the template, or else from
  /// `tokenizer_config.json`.
  mutating func readPolicy(
    template: TokenizerTemplate, tokenizerConfig: JSONValue?, generationConfig: JSONValue?,
    modelConfig: JSONValue?
  ) -> TokenizerTables.Policy {
    let configs = [("generation_config.json", generationConfig), ("config.json", modelConfig)]
    let settings = tokenizerConfig.map { JSONCursor($0) }
    defer { file = "tokenizer.json" }
    let ends = specialIDs("eos_token", configs, settings)
    let beginning = specialIDs("bos_token", configs, settings)
    if beginning.count > 1 {
      refuse("$.bos_token_id", "there are \(beginning.count) BOS ids", supported: "one")
    }
    var added = template
    if added.prefix.isEmpty, isOn("add_bos_token", in: settings) {
      added.prefix = Array(beginning.prefix(1))
      if beginning.isEmpty {
        refuse("$.add_bos_token", "there is no BOS token to add", hint: "name bos_token")
      }
    }
    if added.suffix.isEmpty, isOn("add_eos_token", in: settings) {
      added.suffix = Array(ends.prefix(1))
      if ends.isEmpty { refuse("$.add_eos_token", "there is no EOS token to add", hint: "name eos_token") }
    }
    for id in added.prefix + added.suffix + ends + beginning where Int(id) >= tokens.count {
      refuse(
        "$", "special id \(id) is beyond the largest token id \(maximumID)", hint: "the files do not fit")
    }
    return TokenizerTables.Policy(
      beginningID: beginning.first, endIDs: ends, prefix: added.prefix, suffix: added.suffix)
  }

  private mutating func isOn(_ name: String, in settings: JSONCursor?) -> Bool {
    guard let settings else { return false }
    return flag(name, of: settings, standard: false)
  }

  /// The ids of `name` from the first file that has `name_id`, else of the token that the settings name.
  private mutating func specialIDs(
    _ name: String, _ configs: [(file: String, value: JSONValue?)], _ settings: JSONCursor?
  ) -> [UInt32] {
    for (file, value) in configs {
      self.file = file
      guard let value, let cursor = member("\(name)_id", of: JSONCursor(value)) else { continue }
      let ids = attempt("an id or a list of ids is needed") { () throws(JSONError) in try Self.ids(cursor) }
      return ids ?? []
    }
    file = "tokenizer_config.json"
    guard let settings, let cursor = member(name, of: settings) else { return [] }
    let hint = "the name of a token is needed"
    let text = attempt(hint) { () throws(JSONError) in
      if case .object = cursor.value { return try cursor["content"].string() }
      return try cursor.string()
    }
    guard let text else { return [] }
    let added = addedTokens.first { $0.content.elementsEqual(text.utf8) }?.id
    guard let id = added ?? id(of: text) else {
      refuse(cursor.path, "'\(text)' is no token", hint: hint)
      return []
    }
    return [id]
  }

  private static func ids(_ cursor: JSONCursor) throws(JSONError) -> [UInt32] {
    var list = [cursor]
    if case .array = cursor.value { list = try cursor.array() }
    var ids: [UInt32] = []
    for element in list {
      guard let id = UInt32(exactly: try element.int()) else { throw element.error("not an id") }
      ids.append(id)
    }
    return ids
  }
}
