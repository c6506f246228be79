import Diagnostics
import Files
import Frontend
import JSONText
import Tokenization

/// The files that make up a tokenizer.
struct TokenizerFiles {
  /// The directory of the model; nil where the tokenizer is for a plan.
  private let model: ModelFiles?
  private let tokenizer: String
  private let settings: String
  /// Whether the user named the file.
  private let isNamed: Bool

  /// Those of the directory, or a `tokenizer.json` elsewhere and the `tokenizer_config.json` beside it.
  init(_ model: ModelFiles, tokenizer: String?) {
    self.init(model, path: tokenizer ?? model.path("tokenizer.json"), isNamed: tokenizer != nil)
  }

  /// A `tokenizer.json` for a plan, and the `tokenizer_config.json` beside it.
  init(named path: String) { self.init(nil, path: path, isNamed: true) }

  private init(_ model: ModelFiles?, path: String, isNamed: Bool) {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    self.model = model
    tokenizer = path
    settings = folder + "tokenizer_config.json"
    self.isNamed = isNamed
  }

  /// Reads the tables, with notes about what the files ask for and plans do not do; nil where there is no tokenizer.
  /// - Throws: `DiagnosticFailure` where the tokenizer cannot be read exactly, or does not fit the vocabulary.
  func read(vocabulary: Int) throws(DiagnosticFailure) -> (TokenizerTables?, [Diagnostic]) {
    guard isNamed || InputFile.exists(tokenizer) else {
      let note = Diagnostic(
        .missingFile, "there is no tokenizer.json; the plan will take and give token ids",
        at: .file(tokenizer),
        hint: "--tokenizer FILE gives it one", severity: .warning)
      return (nil, [note])
    }
    let bytes = try InputFile.read(tokenizer, limit: TokenizerFile.maximumLength, tooLarge: .badTokenizer)
    let settings = try ModelFiles.optionalJSON(at: settings)
    let generation = try model.flatMap { (model) throws(DiagnosticFailure) in
      try ModelFiles.optionalJSON(at: model.path("generation_config.json"))
    }
    do {
      let file = try TokenizerFile.read(
        bytes, tokenizerConfig: settings, generationConfig: generation, modelConfig: model?.config.value)
      guard Int(file.maximumID) < vocabulary else {
        throw DiagnosticFailure(
          .badTokenizer, "token id \(file.maximumID) is not below the model's vocabulary of \(vocabulary)",
          at: .file(tokenizer), hint: "tokenizer and model do not belong together")
      }
      return (file.tables, file.notes.map { diagnostic($0, severity: .note) })
    } catch let error as TokenizerFileError {
      throw DiagnosticFailure(error.problems.map { diagnostic($0, severity: .error) })
    } catch let failure as DiagnosticFailure {
      throw failure
    } catch {
      throw DiagnosticFailure(.badTokenizer, "\(error)", at: .file(tokenizer))
    }
  }

  private func diagnostic(_ problem: TokenizerProblem, severity: Diagnostic.Severity) -> Diagnostic {
    let file =
      switch problem.file {
      case "tokenizer.json": tokenizer
      case "tokenizer_config.json": settings
      default: model?.path(problem.file) ?? problem.file
      }
    return Diagnostic(
      problem.isUnsupported ? .unsupportedTokenizer : .badTokenizer, problem.message,
      at: .json(file: file, path: problem.path), hint: problem.hint, severity: severity)
  }
}
