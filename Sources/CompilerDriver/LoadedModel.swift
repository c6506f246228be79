public import Diagnostics
import Digests
import Files
public import Frontend
import IR
import JSONText
public import Tokenization

/// A model directory with its tokenizer and the digests that statistics and plans are bound to.
public struct LoadedModel: Sendable {
  /// The model in the IR, with its tensors.
  public let imported: ImportedModel
  /// The tokenizer's tables; nil where the directory has no tokenizer.
  public let tokenizer: TokenizerTables?
  /// Warnings and notes.
  public let findings: [Diagnostic]

  /// Reads a model directory and its tokenizer.
  /// - Parameter checksValues: whether every weight is read and must be finite.
  /// - Throws: `DiagnosticFailure` with everything that is wrong.
  public init(directory: String, checksValues: Bool) throws(DiagnosticFailure) {
    imported = try ImportedModel(directory: directory, checksValues: checksValues)
    let vocabulary = imported.module[imported.module.result].type.width
    (tokenizer, findings) = try Self.readTokenizer(imported.files, vocabulary: vocabulary)
  }

  /// Number of token ids.
  public var vocabulary: Int { imported.module[imported.module.result].type.width }

  /// SHA-256 over a manifest of the files that decide what the model computes: one line each, as `sha256sum` prints it.
  /// - Throws: `DiagnosticFailure` where a file cannot be read.
  /// - Complexity: reads every file once.
  public func digest() throws(DiagnosticFailure) -> String {
    var manifest = ""
    for name in imported.files.manifest {
      do {
        manifest += "\(try Digests.sha256(fileAt: imported.files.path(name)).hex)  \(name)\n"
      } catch {
        throw DiagnosticFailure(.ioFailed, "\(error)", at: .file(imported.files.path(name)))
      }
    }
    return Digests.sha256(Array(manifest.utf8)).hex
  }

  /// SHA-256 over the tokenizer's tables as a plan holds them; over nothing without a tokenizer.
  public var tokenizerDigest: String { Digests.sha256(tokenizer?.encodeSection() ?? []).hex }

  /// The tokenizer; an error where the directory has none.
  /// - Throws: `DiagnosticFailure` (`missing-file`).
  public func requireTokenizer() throws(DiagnosticFailure) -> Tokenizer {
    guard let tokenizer else {
      throw DiagnosticFailure(
        .missingFile, "the model directory has no tokenizer.json", at: .file(imported.files.directory),
        hint: "texts cannot be read without it; give token ids instead")
    }
    return Tokenizer(tokenizer)
  }

  private static func readTokenizer(
    _ files: ModelFiles, vocabulary: Int
  ) throws(DiagnosticFailure) -> (TokenizerTables?, [Diagnostic]) {
    let path = files.path("tokenizer.json")
    guard InputFile.exists(path) else {
      let note = Diagnostic(
        .missingFile, "there is no tokenizer.json; the plan will take and give token ids", at: .file(path),
        severity: .warning)
      return (nil, [note])
    }
    let bytes = try InputFile.read(path, limit: TokenizerFile.maximumLength)
    let configs = [
      try files.optionalJSON("tokenizer_config.json"), try files.optionalJSON("generation_config.json"),
    ]
    do {
      let file = try TokenizerFile.read(
        bytes, tokenizerConfig: configs[0], generationConfig: configs[1], modelConfig: files.config.value)
      guard Int(file.maximumID) < vocabulary else {
        throw DiagnosticFailure(
          .badTokenizer, "token id \(file.maximumID) is not below the model's vocabulary of \(vocabulary)",
          at: .file(path), hint: "tokenizer and model do not belong together")
      }
      return (file.tables, file.notes.map { diagnostic($0, files, severity: .note) })
    } catch let error as TokenizerFileError {
      throw DiagnosticFailure(error.problems.map { diagnostic($0, files, severity: .error) })
    } catch let failure as DiagnosticFailure {
      throw failure
    } catch {
      throw DiagnosticFailure(.badTokenizer, "\(error)", at: .file(path))
    }
  }

  private static func diagnostic(
    _ problem: TokenizerProblem, _ files: ModelFiles, severity: Diagnostic.Severity
  ) -> Diagnostic {
    Diagnostic(
      problem.isUnsupported ? .unsupportedTokenizer : .badTokenizer, problem.message,
      at: .json(file: files.path(problem.file), path: problem.path), hint: problem.hint,
      severity: severity)
  }
}
