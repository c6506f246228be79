public import Diagnostics
import Files
public import Tokenization

/// The tokenizer of a plan file or a model directory.
public enum TokenizerSource {
  /// Opens it.
  /// - Parameter tokenizer: a `tokenizer.json` in place of the plan's or the directory's.
  /// - Returns: the tokenizer, and notes about its file.
  /// - Throws: `DiagnosticFailure` where there is none.
  public static func open(
    _ path: String, tokenizer file: String? = nil
  ) throws(DiagnosticFailure) -> (tokenizer: Tokenizer, findings: [Diagnostic]) {
    if InputFile.isDirectory(path) {
      let model = try LoadedModel(directory: path, tokenizer: file, checksValues: false)
      return (try model.requireTokenizer(), model.findings)
    }
    let (tokenizer, findings) = try PlanOrModel.tokenizer(of: try PlanFile.load(path), path, file)
    guard let tokenizer else {
      throw DiagnosticFailure(
        .missingFile, "the plan has no tokenizer", at: .file(path), hint: "give one by --tokenizer")
    }
    return (tokenizer, findings)
  }
}
