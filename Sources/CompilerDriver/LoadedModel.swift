public import Diagnostics
import Digests
import Files
public import Frontend
import IR
public import Tokenization
import WorkSharing

/// A model directory with its tokenizer and the digests that statistics and plans are bound to.
public struct LoadedModel: Sendable {
  /// The model in the IR, with its tensors.
  public let imported: ImportedModel
  /// The tokenizer's tables; nil where the directory has no tokenizer.
  public let tokenizer: TokenizerTables?
  /// Warnings and notes.
  public let findings: [Diagnostic]
  private let manifestDigest: Deferred<String>

  /// Reads a model directory and its tokenizer.
  /// - Parameters:
  ///   - tokenizer: a `tokenizer.json` in place of the directory's, with `tokenizer_config.json` beside it or without.
  ///   - checksValues: whether every weight is read and must be finite; the digest is begun meanwhile.
  ///   - shouldStop: asked often whenever weights are read, now or later; that fails as interrupted where it says yes.
  /// - Throws: `DiagnosticFailure` with everything that is wrong.
  public init(
    directory: String, tokenizer: String? = nil, checksValues: Bool,
    shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws(DiagnosticFailure) {
    let files = try ModelFiles(directory: directory)
    manifestDigest = Deferred { try Self.digest(files, shouldStop) }
    if checksValues { manifestDigest.start() }
    imported = try ImportedModel(files, checksValues: checksValues, shouldStop: shouldStop)
    let vocabulary = imported.module[imported.module.result].type.width
    let reader = TokenizerFiles(imported.files, tokenizer: tokenizer)
    (self.tokenizer, findings) = try reader.read(vocabulary: vocabulary)
  }

  /// Number of token ids.
  public var vocabulary: Int { imported.module[imported.module.result].type.width }

  /// SHA-256 over a manifest of the files that decide what the model computes: one line each, as `sha256sum` prints it.
  /// - Throws: `DiagnosticFailure` where a file cannot be read.
  /// - Complexity: reads every file once.
  public func digest() throws -> String { try manifestDigest.value() }

  private static func digest(
    _ files: ModelFiles, _ shouldStop: @Sendable () -> Bool
  ) throws(DiagnosticFailure) -> String {
    let lines = try Parallel.map(files.manifest) { (name) throws(DiagnosticFailure) in
      do throws(DigestError) {
        let digest = try Digests.sha256(fileAt: files.path(name), shouldStop: shouldStop)
        return "\(digest.hex)  \(name)\n"
      } catch .stopped {
        throw DiagnosticFailure(.interrupted, "stopped while the digest of the model was taken")
      } catch {
        throw DiagnosticFailure(.ioFailed, "\(error)", at: .file(files.path(name)))
      }
    }
    return Digests.sha256(Array(lines.joined().utf8)).hex
  }

  /// SHA-256 over the tokenizer's tables as a plan holds them; over nothing without a tokenizer.
  public var tokenizerDigest: String { Digests.sha256(tokenizer?.encodeSection() ?? []).hex }

  /// The tokenizer; an error where the directory has none.
  /// - Throws: `DiagnosticFailure` (`missing-file`).
  public func requireTokenizer() throws(DiagnosticFailure) -> Tokenizer {
    guard let tokenizer else {
      throw DiagnosticFailure(
        .missingFile, "the model directory has no tokenizer.json", at: .file(imported.files.directory),
        hint: "give one by --tokenizer where the command takes it, or token ids instead of text")
    }
    return Tokenizer(tokenizer)
  }
}
