import JSONText
import Tokenization

/// The steps before and after the model; each is read into a stage, or refused by name.
extension TokenizerReader {
  typealias Rules = TokenizerTables.Rules

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

  static var byteLevelMembers: [String] { ["type", "add_prefix_space", "trim_offsets", "use_regex"] }

  /// Normalizer, pre-tokenizer and decoder; nil after a problem.
  mutating func readRules(_ file: JSONCursor) -> Rules? {
    let before = problems.count
    let normalizers = stages(
      member("normalizer", of: file), called: "normalizer", parts: "normalizers",
      supported: ["NFC", "Prepend", "Replace", "Sequence"]
    ) { reader, cursor, type in reader.normalizer(cursor, type) }
    let splitters = stages(
      member("pre_tokenizer", of: file), called: "pre_tokenizer", parts: "pretokenizers",
      supported: ["ByteLevel", "Split", "Punctuation", "Digits", "Metaspace", "Sequence"]
    ) { reader, cursor, type in reader.splitter(cursor, type) }
    let decoders = stages(
      member("decoder", of: file), called: "decoder", parts: "decoders",
      supported: ["ByteLevel", "Replace", "ByteFallback", "Fuse", "Strip", "Metaspace", "Sequence"]
    ) { reader, cursor, type in reader.decoder(cursor, type) }
    if member("decoder", of: file) == nil {
      refuse("$.decoder", "decoder is missing", supported: "ByteLevel, Metaspace, Sequence")
    }
    let rules = Rules(normalizers: normalizers, splitters: splitters, decoders: decoders)
    // What is left of stages that were refused still tells what kind of vocabulary to expect.
    joinsBytes = rules.joinsBytes || decoders.contains(.byteLevel) || (splitters.isEmpty && decoders.isEmpty)
    guard problems.count == before else { return nil }
    guard let obstacle = rules.obstacle else { return rules }
    refuse("$", obstacle, supported: "the combinations that docs/models.md lists")
    return nil
  }

  /// The stages of a step: those of a sequence in order, or one.
  private mutating func stages<Stage>(
    _ cursor: JSONCursor?, called name: String, parts: String, supported: [String],
    read: (inout Self, JSONCursor, String) -> Stage?
  ) -> [Stage] {
    guard let cursor, let type = type(of: cursor, called: name, supported: supported) else { return [] }
    guard type == "Sequence" else { return read(&self, cursor, type).map { [$0] } ?? [] }
    checkMembers(cursor, known: ["type", parts])
    let list = attempt("a list of stages") { () throws(JSONError) in try cursor[parts].array() }
    return (list ?? []).flatMap { stages($0, called: name, parts: parts, supported: supported, read: read) }
  }

  private mutating func normalizer(_ cursor: JSONCursor, _ type: String) -> Rules.Normalizer? {
    switch type {
    case "NFC":
      checkMembers(cursor, known: ["type"])
      return .nfc
    case "Prepend":
      checkMembers(cursor, known: ["type", "prepend"])
      return text("prepend", of: cursor).map { .prepend($0) }
    default: return replacement(cursor).map { .replace($0.pattern, by: $0.text) }
    }
  }

  private mutating func decoder(_ cursor: JSONCursor, _ type: String) -> Rules.Decoder? {
    switch type {
    case "ByteLevel":
      checkMembers(cursor, known: Self.byteLevelMembers)
      return .byteLevel
    case "Replace": return replacement(cursor).map { .replace($0.pattern, by: $0.text) }
    case "Strip": return strip(cursor)
    case "Metaspace":
      checkMembers(cursor, known: Self.metaspaceMembers)
      return metaspace(cursor).map { .metaspace($0.mark, $0.prepending) }
    default:
      checkMembers(cursor, known: ["type"])
      return type == "Fuse" ? .fuse : .byteFallback
    }
  }

  private mutating func strip(_ cursor: JSONCursor) -> Rules.Decoder? {
    checkMembers(cursor, known: ["type", "content", "start", "stop"])
    let numbers = attempt("start and stop are numbers") { () throws(JSONError) in
      (try cursor["start"].int(), try cursor["stop"].int())
    }
    guard let (start, stop) = numbers, let content = character("content", of: cursor) else { return nil }
    guard stop == 0, let count = UInt32(exactly: start) else {
      refuse(cursor.path, "Strip leaves out \(stop) at the end", supported: "stop 0")
      return nil
    }
    return .strip(content, count: count)
  }

  /// A pattern that is a text, and what takes its place.
  private mutating func replacement(_ cursor: JSONCursor) -> (pattern: [UInt8], text: [UInt8])? {
    checkMembers(cursor, known: ["type", "pattern", "content"])
    guard let pattern = self.pattern(of: cursor) else { return nil }
    guard case .text(let text) = pattern else {
      refuse("\(cursor.path).pattern", "the pattern is an expression", supported: "a String")
      return nil
    }
    return self.text("content", of: cursor, mayBeEmpty: true).map { (text, $0) }
  }
}

/// What stages are made of.
extension TokenizerReader {
  /// What a Split or a Replace looks for.
  enum Pattern {
    case text([UInt8])
    case expression(String)
  }

  mutating func pattern(of cursor: JSONCursor) -> Pattern? {
    let hint = "a pattern is {\"String\": …} or {\"Regex\": …}"
    guard let pattern = attempt(hint, { () throws(JSONError) in try cursor["pattern"] }) else { return nil }
    if pattern.contains("String") { return text("String", of: pattern).map { .text($0) } }
    return attempt(hint) { () throws(JSONError) in .expression(try pattern["Regex"].string()) }
  }

  /// A text that a stage has room for.
  mutating func text(_ name: String, of cursor: JSONCursor, mayBeEmpty: Bool = false) -> [UInt8]? {
    let text = attempt("\(name) is a text") { () throws(JSONError) in try cursor[name].string() }
    guard let text else { return nil }
    guard text.utf8.count <= Rules.longestText, mayBeEmpty || !text.isEmpty else {
      refuse(
        "\(cursor.path).\(name)", "the text has \(text.utf8.count) bytes",
        supported: "\(mayBeEmpty ? 0 : 1) to \(Rules.longestText) bytes")
      return nil
    }
    return Array(text.utf8)
  }

  mutating func character(_ name: String, of cursor: JSONCursor) -> [UInt8]? {
    guard let bytes = text(name, of: cursor) else { return nil }
    guard String(decoding: bytes, as: UTF8.self).unicodeScalars.count == 1 else {
      refuse("\(cursor.path).\(name)", "this is not one character", hint: "one character")
      return nil
    }
    return bytes
  }

  static var metaspaceMembers: [String] {
    ["type", "replacement", "prepend_scheme", "split", "add_prefix_space"]
  }

  /// The mark that stands for a space, and where it is put in front.
  mutating func metaspace(_ cursor: JSONCursor) -> (mark: [UInt8], prepending: Rules.Prepending)? {
    guard let mark = character("replacement", of: cursor) else { return nil }
    let schemes: [String: Rules.Prepending] = ["always": .always, "first": .first, "never": .never]
    let name = attempt("prepend_scheme is a text") { () throws(JSONError) in
      try cursor.optional("prepend_scheme")?.string() ?? "always"
    }
    guard let name else { return nil }
    guard let scheme = schemes[name] else {
      refuse("\(cursor.path).prepend_scheme", "'\(name)' is unknown", supported: "always, first, never")
      return nil
    }
    // Files from before there were schemes say by a flag whether a mark is put in front.
    let adds = flag("add_prefix_space", of: cursor, standard: scheme != .never)
    guard adds == (scheme != .never) else {
      refuse(
        "\(cursor.path).add_prefix_space", "this contradicts prepend_scheme", supported: "one of the two")
      return nil
    }
    return (mark, scheme)
  }
}
