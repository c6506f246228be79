public import Diagnostics
import Files
import JSONText

/// Texts that a user gives: a `.txt` file is one document, each line of a `.jsonl` file is one.
public struct TextInput: Sendable {
  /// One document: text, or token ids where no tokenizer is to be used.
  public enum Document: Sendable {
    case text(String)
    case ids([UInt32])
  }

  /// The documents in order.
  public let documents: [Document]
  /// The bytes they came from.
  let bytes: [UInt8]
  /// Where they came from.
  let location: Location

  /// Reads a file; the name's ending tells how.
  ///
  /// A line of `.jsonl` is an object with a field `text`, or `ids`.
  /// - Throws: `DiagnosticFailure` with every line that cannot be used.
  public init(path: String) throws(DiagnosticFailure) {
    bytes = try InputFile.read(path, limit: 1 << 30, tooLarge: .badText, allowsPipe: true)
    location = .file(path)
    documents = path.hasSuffix(".jsonl") ? try Self.lines(bytes, path) : [.text(try Self.text(bytes, path))]
  }

  /// One text that is part of the program.
  init(builtIn text: String) {
    bytes = Array(text.utf8)
    location = .nowhere
    documents = [.text(text)]
  }

  private static func text(_ bytes: [UInt8], _ path: String) throws(DiagnosticFailure) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw DiagnosticFailure(.badText, "the text is not valid UTF-8", at: .file(path))
    }
    guard !text.isEmpty else { throw DiagnosticFailure(.badText, "the text is empty", at: .file(path)) }
    return text
  }

  private static func lines(_ bytes: [UInt8], _ path: String) throws(DiagnosticFailure) -> [Document] {
    try JSONLines.read(bytes, path, hint: "each line is an object with a field \"text\"", document)
  }

  private static func document(_ line: JSONCursor) throws(JSONError) -> Document {
    guard !line.contains("text"), let ids = try line.optional("ids") else {
      return .text(try line["text"].string())
    }
    var tokens: [UInt32] = []
    for id in try ids.array() {
      guard let token = UInt32(exactly: try id.int()) else { throw id.error("a token id is below 2^32") }
      tokens.append(token)
    }
    return .ids(tokens)
  }
}
