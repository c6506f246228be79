public import Diagnostics
import Files
public import Tokenization

/// The tokenizer of a plan file or a model directory.
public enum TokenizerSource {
  /// Opens it.
  /// - Throws: `DiagnosticFailure` where there is none.
  public static func open(_ path: String) throws(DiagnosticFailure) -> Tokenizer {
    if InputFile.isDirectory(path) {
      return try LoadedModel(directory: path, checksValues: false).requireTokenizer()
    }
    guard let tokenizer = try PlanOrModel.tokenizer(of: try PlanFile.load(path), path) else {
      throw DiagnosticFailure(.missingFile, "the plan has no tokenizer", at: .file(path))
    }
    return tokenizer
  }
}
