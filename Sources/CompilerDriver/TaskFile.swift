public import Diagnostics
public import Evaluation
import Files
import JSONText
import Tokenization

/// A task that a user gives: each line of a `.jsonl` file is a question.
public enum TaskFile {
  private static let hint = """
    each line is {"context": …, "choices": […], "answer": N}, {"context": …, "target": …} or {"text": …}
    """

  /// The most choices that a question may have.
  private static let mostChoices = 1_000

  /// Reads a file.
  ///
  /// A line with `choices` is a multiple-choice question of at most 1,000, its `answer` counted from 0. Any other asks for the last word:
  /// `target` after `context`, or what follows the last space of `text`.
  /// - Parameters:
  ///   - source: whose tokenizer encodes the questions.
  ///   - beginsText: whether the beginning-of-text token is put before every context.
  /// - Throws: `DiagnosticFailure` with every line that cannot be used.
  public static func questions(
    _ path: String, for source: PlanOrModel, beginsText: Bool
  ) throws(DiagnosticFailure) -> [Question] {
    let bytes = try InputFile.read(path, limit: 1 << 30, tooLarge: .badText, allowsPipe: true)
    let tokenizer = try source.requireTokenizer()
    let prefix = beginsText ? [try source.beginningToken()] : []
    return try JSONLines.read(bytes, path, hint: hint) { (line) throws(JSONError) in
      guard line.contains("choices") else {
        return Question(lastWord: try lastWord(line) { ContinuationEncoder(tokenizer, prefix, context: $0) })
      }
      let found = try line["choices"].array()
      guard found.count <= mostChoices else {
        throw try line["choices"].error("there are \(found.count) choices; at most \(mostChoices) are read")
      }
      let encoder = ContinuationEncoder(tokenizer, prefix, context: try line["context"].string())
      var choices: [Question.Continuation] = []
      for choice in found { choices.append(try encoder.encode(try choice.string(), choice)) }
      let answer = try line["answer"]
      guard choices.indices.contains(try answer.int()) else {
        throw answer.error("the answer counts the choices from 0; there are \(choices.count)")
      }
      return Question(choices: choices, answer: try answer.int())
    }
  }

  private static func lastWord(
    _ line: JSONCursor, _ encoder: (String) -> ContinuationEncoder
  ) throws(JSONError) -> Question.Continuation {
    if line.contains("context") {
      return try encoder(try line["context"].string()).encode(try line["target"].string(), line)
    }
    let text = try line["text"].string()
    guard let space = text.lastIndex(of: " ") else { throw line.error("the text has no last word") }
    return try encoder(String(text[..<space])).encode(String(text[text.index(after: space)...]), line)
  }
}

/// Encodes a context and what continues it as one text.
private struct ContinuationEncoder {
  private let tokenizer: Tokenizer
  private let prefix: [UInt32]
  private let context: String
  /// The tokens of the prefix, and of the context without white space at its end.
  private let before: [UInt32]

  init(_ tokenizer: Tokenizer, _ prefix: [UInt32], context: String) {
    (self.tokenizer, self.prefix, self.context) = (tokenizer, prefix, context)
    var text = Substring(context)
    while text.last?.isWhitespace ?? false { text.removeLast() }
    before = prefix + tokenizer.encode(String(text))
  }

  /// Encodes both, with a space between them unless either has white space there or the context is empty.
  ///
  /// The first token of the continuation is the one that follows as many tokens as the context has by itself without
  /// white space at its end.
  func encode(_ continuation: String, _ line: JSONCursor) throws(JSONError) -> Question.Continuation {
    guard !continuation.isEmpty else { throw line.error("there is nothing to predict") }
    let isSeparate = context.last?.isWhitespace ?? true || continuation.first?.isWhitespace ?? true
    let tokens = prefix + tokenizer.encode(context + (isSeparate ? "" : " ") + continuation)
    let start = min(before.count, tokens.count - 1)
    guard start > 0 else { throw line.error("there is no token before the continuation") }
    return Question.Continuation(
      tokens: tokens, sharing: before, start: start, length: continuation.unicodeScalars.count)
  }
}
