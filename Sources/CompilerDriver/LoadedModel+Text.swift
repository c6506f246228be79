public import Diagnostics
import Digests
import Tokenization

extension LoadedModel {
  /// The tokens of a text without special tokens.
  /// - Throws: `DiagnosticFailure` where there is no tokenizer, or an id is not below the vocabulary.
  public func tokens(_ input: TextInput) throws(DiagnosticFailure) -> [UInt32] {
    var tokens: [UInt32] = []
    for document in input.documents {
      switch document {
      case .ids(let ids): tokens += ids
      case .text(let text): tokens += try requireTokenizer().encode(text)
      }
    }
    if let wrong = tokens.first(where: { $0 >= vocabulary }) {
      throw DiagnosticFailure(
        .badText, "token id \(wrong) is not below the vocabulary of \(vocabulary)", at: input.location)
    }
    return tokens
  }
}

extension TextInput {
  /// SHA-256 of the bytes that the text came from, in hexadecimal.
  public var digest: String { Digests.sha256(bytes).hex }
}
