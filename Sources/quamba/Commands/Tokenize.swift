import ArgumentParser
import CompilerDriver
import Diagnostics
import JSONText
import Tokenization

/// The command `quamba tokenize`.
struct Tokenize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Turns text into token ids and back; JSON lines in and out.",
    discussion: """
      Reads a JSON string per line and prints an array of ids per line; with --decode the other way round.
        echo '"Hello world"' | quamba tokenize model.qplan
      """)

  @Argument(help: "A plan file, or a model directory.")
  var path: String

  @Option(help: "Encode this text instead of standard input.")
  var text: String?

  @Flag(help: "Read arrays of ids, print strings.")
  var decode = false

  @Flag(help: "Add the special tokens that the tokenizer puts around a text.")
  var addSpecial = false

  @Flag(help: "Leave out special tokens when decoding.")
  var skipSpecial = false

  @OptionGroup var tokenizer: TokenizerOptions

  func run() throws {
    let (tokenizer, findings) = try TokenizerSource.open(path, tokenizer: self.tokenizer.tokenizer)
    Console.report(findings)
    if let text {
      Console.print(encoded(text, tokenizer), pretty: false)
      return
    }
    var input = StandardInput()
    var number = 0
    while let line = try input.line() {
      number += 1
      do {
        let cursor = JSONCursor(try JSONText.parse(line))
        Console.print(
          decode ? try decoded(cursor, tokenizer) : encoded(try cursor.string(), tokenizer), pretty: false)
      } catch let error as JSONError {
        throw DiagnosticFailure(
          .badText, error.message, at: .json(file: "standard input, line \(number)", path: error.path),
          hint: decode ? "each line is an array of token ids" : "each line is a JSON string")
      }
    }
  }

  private func encoded(_ text: String, _ tokenizer: Tokenizer) -> JSONValue {
    .array(tokenizer.encode(text, addSpecialTokens: addSpecial).map { .integer(Int64($0)) })
  }

  private func decoded(_ line: JSONCursor, _ tokenizer: Tokenizer) throws -> JSONValue {
    let ids = try line.array().map { element in
      guard let id = UInt32(exactly: try element.int()), id < tokenizer.vocabularySize else {
        throw element.error("the id is not below \(tokenizer.vocabularySize)")
      }
      return id
    }
    return .string(tokenizer.decode(ids, skipSpecial: skipSpecial))
  }
}
