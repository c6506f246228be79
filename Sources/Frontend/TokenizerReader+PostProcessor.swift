import JSONText
import Tokenization

/// The ids that a post-processor puts around a text.
struct TokenizerTemplate {
  var prefix: [UInt32] = []
  var suffix: [UInt32] = []

  var isEmpty: Bool { prefix.isEmpty && suffix.isEmpty }
}

extension TokenizerReader {
  /// The ids around a text; none after a problem.
  mutating func readPostProcessor(_ file: JSONCursor) -> TokenizerTemplate {
    guard let cursor = member("post_processor", of: file) else { return TokenizerTemplate() }
    return readProcessor(cursor)
  }

  private mutating func readProcessor(_ cursor: JSONCursor) -> TokenizerTemplate {
    let supported = ["ByteLevel", "TemplateProcessing", "Sequence"]
    switch type(of: cursor, called: "post_processor", supported: supported) {
    case "ByteLevel":
      checkMembers(cursor, known: Self.byteLevelMembers)
      return TokenizerTemplate()
    case "TemplateProcessing":
      checkMembers(cursor, known: ["type", "single", "pair", "special_tokens"])
      let hint = "a template that puts special tokens before or after $A"
      return attempt(hint) { () throws(JSONError) in try Self.readTemplate(cursor) } ?? TokenizerTemplate()
    case "Sequence":
      return readSequence(cursor)
    default:
      return TokenizerTemplate()
    }
  }

  private mutating func readSequence(_ cursor: JSONCursor) -> TokenizerTemplate {
    checkMembers(cursor, known: ["type", "processors"])
    let parts = attempt("a list of processors") { () throws(JSONError) in try cursor["processors"].array() }
    let templates = (parts ?? []).map { readProcessor($0) }.filter { !$0.isEmpty }
    if templates.count > 1 {
      refuse(cursor.path, "several templates add special tokens", supported: "one TemplateProcessing")
    }
    return templates.first ?? TokenizerTemplate()
  }

  private static func readTemplate(_ cursor: JSONCursor) throws(JSONError) -> TokenizerTemplate {
    var template = TokenizerTemplate()
    var seesText = false
    for piece in try cursor["single"].array() {
      if let sequence = try piece.optional("Sequence") {
        guard !seesText, try sequence["id"].string() == "A" else {
          throw sequence.error("the template holds the text twice, or another one")
        }
        seesText = true
        continue
      }
      let name = try piece["SpecialToken"]["id"].string()
      for id in try cursor["special_tokens"][name]["ids"].array() {
        guard let value = UInt32(exactly: try id.int()) else { throw id.error("not an id") }
        if seesText { template.suffix.append(value) } else { template.prefix.append(value) }
        guard max(template.prefix.count, template.suffix.count) <= TokenizerTables.Policy.mostIDs else {
          throw piece.error("more than \(TokenizerTables.Policy.mostIDs) ids go before or after the text")
        }
      }
    }
    guard seesText else { throw cursor.error("the template leaves the text out") }
    return template
  }
}
