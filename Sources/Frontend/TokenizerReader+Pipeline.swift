import JSONText
import Tokenization

/// The steps before and after the model.
extension TokenizerReader {
  mutating func checkTopLevel(_ file: JSONCursor) {
    checkMembers(
      file,
      known: [
        "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor",
        "decoder", "model",
      ])
    guard attempt("tokenizer.json holds one object", { () throws(JSONError) in try file.object() }) != nil
    else {
      return
    }
    if let version = member("version", of: file), version.value != .string("1.0") {
      refuse(version.path, "unknown version", supported: "1.0")
    }
    for name in ["truncation", "padding"] {
      guard let setting = member(name, of: file) else { continue }
      note(setting.path, "\(name) is ignored", hint: "text is neither cut nor padded")
    }
  }

  /// A member that is neither absent nor null; reads objects only.
  func member(_ name: String, of cursor: JSONCursor) -> JSONCursor? {
    (try? cursor.optional(name)).flatMap { $0 }
  }

  /// Normalizer, pre-tokenizer and decoder; nil after a problem.
  mutating func readRules(_ file: JSONCursor) -> TokenizerTables.Rules? {
    let normalization = readNormalizer(member("normalizer", of: file))
    let decodes = readDecoder(member("decoder", of: file))
    guard let pre = member("pre_tokenizer", of: file) else {
      refuse("$.pre_tokenizer", "pre_tokenizer is missing", supported: "ByteLevel")
      return nil
    }
    guard type(of: pre, called: "pre_tokenizer", supported: ["ByteLevel"]) != nil else { return nil }
    checkMembers(pre, known: Self.byteLevelMembers)
    let prefixed = attempt("add_prefix_space must be given") { () throws(JSONError) in
      try pre["add_prefix_space"].bool()
    }
    let splits = flag("use_regex", of: pre, standard: true)
    guard let normalization, let prefixed, decodes else { return nil }
    return TokenizerTables.Rules(
      normalization: normalization, split: splits ? .gpt2 : .none, addPrefixSpace: prefixed)
  }

  static var byteLevelMembers: [String] { ["type", "add_prefix_space", "trim_offsets", "use_regex"] }

  private mutating func readNormalizer(_ cursor: JSONCursor?) -> TokenizerTables.Rules.Normalization? {
    guard let cursor else { return TokenizerTables.Rules.Normalization.none }
    switch type(of: cursor, called: "normalizer", supported: ["NFC", "Sequence"]) {
    case "NFC":
      checkMembers(cursor, known: ["type"])
      return .nfc
    case "Sequence":
      checkMembers(cursor, known: ["type", "normalizers"])
      let parts = attempt("a list of normalizers") { () throws(JSONError) in try cursor["normalizers"].array()
      }
      guard let parts else { return nil }
      let read = parts.map { readNormalizer($0) }
      if read.contains(nil) { return nil }
      return read.contains(.nfc) ? .nfc : TokenizerTables.Rules.Normalization.none
    default: return nil
    }
  }

  private mutating func readDecoder(_ cursor: JSONCursor?) -> Bool {
    guard let cursor else {
      refuse("$.decoder", "decoder is missing", supported: "ByteLevel")
      return false
    }
    guard type(of: cursor, called: "decoder", supported: ["ByteLevel"]) != nil else { return false }
    checkMembers(cursor, known: Self.byteLevelMembers)
    return true
  }
}
