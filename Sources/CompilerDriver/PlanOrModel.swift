import Backend
public import Diagnostics
import Files
import Frontend
import Passes
import PlanFormat
public import PlanRuntime
public import Tokenization

/// A plan file, or a model directory compiled for the occasion into a float32 plan.
public struct PlanOrModel: Sendable {
  /// The plan.
  public let plan: Plan
  /// Its tokenizer; nil where it has none.
  public let tokenizer: Tokenizer?
  /// Warnings and notes of reading a model directory.
  public let findings: [Diagnostic]

  /// Opens a plan file, or compiles a model directory.
  /// - Parameters:
  ///   - tokenizer: a `tokenizer.json` in place of the plan's or the directory's.
  ///   - shouldStop: asked while a model directory is compiled; that fails as interrupted where it says yes.
  /// - Throws: `DiagnosticFailure`.
  public init(
    _ path: String, tokenizer file: String? = nil, threads: Int,
    shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws {
    if InputFile.isDirectory(path) {
      let model = try LoadedModel(
        directory: path, tokenizer: file, checksValues: true, shouldStop: shouldStop)
      plan = try Self.floatPlan(model, threads: threads)
      tokenizer = model.tokenizer.map { Tokenizer($0) }
      findings = model.findings
    } else {
      plan = try PlanFile.load(path)
      (tokenizer, findings) = try Self.tokenizer(of: plan, path, file)
    }
  }

  /// The tokenizer; an error where there is none.
  /// - Throws: `DiagnosticFailure` (`missing-file`).
  public func requireTokenizer() throws(DiagnosticFailure) -> Tokenizer {
    guard let tokenizer else {
      throw DiagnosticFailure(
        .missingFile, "the plan has no tokenizer",
        hint: "give one by --tokenizer, or token ids instead of text")
    }
    return tokenizer
  }

  /// The tokens of a text without special tokens.
  /// - Throws: `DiagnosticFailure`.
  public func tokens(_ input: TextInput) throws(DiagnosticFailure) -> [UInt32] {
    var tokens: [UInt32] = []
    for document in input.documents {
      switch document {
      case .ids(let ids): tokens += ids
      case .text(let text): tokens += try requireTokenizer().encode(text)
      }
    }
    return tokens
  }

  /// The beginning-of-text token.
  /// - Throws: `DiagnosticFailure` where there is no tokenizer, or it has none.
  public func beginningToken() throws(DiagnosticFailure) -> UInt32 {
    guard let token = try requireTokenizer().tables.policy.beginningID else {
      throw DiagnosticFailure(
        .badOption, "the tokenizer has no beginning-of-text token", at: .option("--bos"),
        hint: "leave out --bos")
    }
    return token
  }

  private static func floatPlan(_ model: LoadedModel, threads: Int) throws -> Plan {
    let (module, _) = try Pipeline.run(
      Pipeline.passes(for: .float32), on: model.imported.module, recipe: .float32)
    let scratch = try WritableFile.scratch("float")
    var lowered = try LoweredPlan(lowering: module)
    lowered.draft.tokenizer = model.tokenizer?.encodeSection() ?? []
    try PlanFile.write(
      lowered, tensors: model.imported.checkpoint, into: scratch, threads: threads,
      shouldStop: model.imported.checkpoint.shouldStop)
    let plan = try PlanFile.load(scratch.temporaryPath)
    return plan
  }

  /// The tokenizer that a file describes or a plan holds, nil where neither is there; and notes about the file.
  static func tokenizer(
    of plan: Plan, _ path: String, _ file: String? = nil
  ) throws(DiagnosticFailure) -> (Tokenizer?, [Diagnostic]) {
    if let file {
      let (tables, notes) = try TokenizerFiles(named: file).read(vocabulary: plan.vocabulary)
      return (tables.map { Tokenizer($0) }, notes)
    }
    let section = plan.tokenizerSection
    guard !section.isEmpty else { return (nil, []) }
    let tables: TokenizerTables
    do {
      tables = try TokenizerTables(section: Span(_unsafeElements: section.bindMemory(to: UInt8.self)))
    } catch {
      throw DiagnosticFailure(.badPlan, "the tokenizer section is damaged: \(error)", at: .file(path))
    }
    guard tables.vocabularySize <= plan.vocabulary else {
      throw DiagnosticFailure(
        .badPlan, "the tokenizer has \(tables.vocabularySize) ids, the model only \(plan.vocabulary)",
        at: .file(path), hint: "tokenizer and model do not belong together; compile again")
    }
    return (Tokenizer(tables), [])
  }
}
