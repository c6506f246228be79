import JSONText
import Tokenization

/// The stages that cut text into pieces.
extension TokenizerReader {
  mutating func splitter(_ cursor: JSONCursor, _ type: String) -> Rules.Splitter? {
    switch type {
    case "ByteLevel":
      checkMembers(cursor, known: Self.byteLevelMembers)
      let adds = attempt("add_prefix_space must be given") { () throws(JSONError) in
        try cursor["add_prefix_space"].bool()
      }
      let splits = flag("use_regex", of: cursor, standard: true)
      return adds.map { .byteLevel(addsPrefixSpace: $0, splits: splits) }
    case "Punctuation":
      checkMembers(cursor, known: ["type", "behavior"])
      return behavior(of: cursor).map { .punctuation($0) }
    case "Digits":
      checkMembers(cursor, known: ["type", "individual_digits"])
      return .digits(isIndividual: flag("individual_digits", of: cursor, standard: false))
    case "Metaspace":
      checkMembers(cursor, known: Self.metaspaceMembers)
      let splits = flag("split", of: cursor, standard: true)
      return metaspace(cursor).map { .metaspace($0.mark, $0.prepending, splits: splits) }
    default: return split(cursor)
    }
  }

  private mutating func behavior(of cursor: JSONCursor) -> Rules.Behavior? {
    let names: [String: Rules.Behavior] = [
      "Isolated": .isolated, "Contiguous": .contiguous, "Removed": .removed,
      "MergedWithPrevious": .mergedWithPrevious, "MergedWithNext": .mergedWithNext,
    ]
    let name = attempt("behavior is a text") { () throws(JSONError) in
      try cursor.optional("behavior")?.string() ?? "Isolated"
    }
    guard let name else { return nil }
    if let behavior = names[name] { return behavior }
    refuse(
      "\(cursor.path).behavior", "'\(name)' is unknown",
      supported: names.keys.sorted().joined(separator: ", "))
    return nil
  }

  /// The expressions that are known, as files spell them.
  private static let expressions: [String: Rules.Expression] = [
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#: .gpt2,
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#:
      .llama3,
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#:
      .qwen2,
    "[0-9][0-9][0-9]": .threeDigits,
  ]

  private mutating func split(_ cursor: JSONCursor) -> Rules.Splitter? {
    checkMembers(cursor, known: ["type", "pattern", "behavior", "invert"])
    let isInverted = flag("invert", of: cursor, standard: false)
    guard let behavior = behavior(of: cursor), let pattern = pattern(of: cursor) else { return nil }
    switch pattern {
    case .text(let text): return .literal(text, behavior, isInverted: isInverted)
    case .expression(let source):
      if let expression = Self.expressions[source] {
        return .expression(expression, behavior, isInverted: isInverted)
      }
      refuse(
        "\(cursor.path).pattern.Regex", "the expression '\(source)' is not known",
        supported: "those of GPT-2, Llama 3 and Qwen 2, and [0-9][0-9][0-9]")
      return nil
    }
  }
}
