import Frontend
import Tokenization

extension FuzzTarget {
  /// Reads a `tokenizer.json`; what is accepted must survive the plan's form, and encode.
  static func readTokenizer(_ bytes: [UInt8]) -> Bool {
    guard let file = try? TokenizerFile.read(bytes) else { return false }
    let section = file.tables.encodeSection()
    let again = try? TokenizerTables(section: section.span)
    precondition(again?.encodeSection() == section, "a tokenizer does not survive writing and reading")
    OneStep.exercise(file.tables)
    return true
  }
}
