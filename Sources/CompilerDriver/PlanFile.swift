import Backend
public import Diagnostics
import Digests
import Files
import IR
import PlanFormat
public import PlanRuntime

/// Writing of lowered plans, and loading of plan files with errors for people.
public enum PlanFile {
  /// Writes a plan into a file, weights first, and verifies what was written.
  ///
  /// - Parameters:
  ///   - golden: token ids whose logits the plan is to remember; none where empty.
  ///   - refinement: how products of codes get better codes and biases; nil for the nearest codes.
  ///   - shouldStop: asked before every block; the write fails as interrupted where it says yes.
  /// - Returns: bytes of the file.
  /// - Throws: `DiagnosticFailure`, or what the tensors throw.
  @discardableResult
  static func write(
    _ plan: LoweredPlan, tensors: some TensorSource, into file: WritableFile, threads: Int,
    golden: [UInt32] = [], refinement: CodeRefinement? = nil,
    shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws -> Int {
    var (draft, layout) = try Self.layout(of: plan, golden: golden)
    try file.resize(Int(layout.fileLength))
    let writer = WeightsWriter(plan, layout: layout, tensors: tensors, threads: threads) { bytes, offset in
      if shouldStop() { throw unfinished(file) }
      try file.write(bytes, at: offset)
    }
    try writer.write(refining: refinement)
    let weights = try digest(
      of: file, from: Int(layout.weightsOffset), count: Int(layout.weightsLength), shouldStop)
    func writeHeader() throws {
      try file.write(layout.headerRegion(weightsDigest: weights) { Digests.sha256($0).bytes })
    }
    try writeHeader()
    if !golden.isEmpty {
      draft.golden.logits = try logits(of: file, after: golden, threads: threads)
      layout = try Self.layout(draft)
      try writeHeader()
    }
    _ = try load(file.temporaryPath)
    return Int(layout.fileLength)
  }

  private static func unfinished(_ file: WritableFile) -> DiagnosticFailure {
    DiagnosticFailure(.interrupted, "the plan was not finished", at: .file(file.name))
  }

  /// A plan's draft with room for the logits of its golden prompt, and where everything of it lies.
  /// - Throws: `DiagnosticFailure` where it is larger than plans may be.
  static func layout(
    of plan: LoweredPlan, golden: [UInt32]
  ) throws(DiagnosticFailure) -> (draft: PlanDraft, layout: PlanLayout) {
    var draft = plan.draft
    if !golden.isEmpty {
      draft.golden = Golden(input: golden, logits: Array(repeating: 0, count: Int(draft.model.vocabulary)))
    }
    return (draft, try layout(draft))
  }

  /// The layout of a draft; an error where it is larger than plans may be.
  private static func layout(_ draft: PlanDraft) throws(DiagnosticFailure) -> PlanLayout {
    do {
      return try PlanLayout(draft)
    } catch {
      throw DiagnosticFailure(.unsupportedModel, "the model is too large for a plan: \(error)")
    }
  }

  /// Maps and verifies a plan file.
  /// - Throws: `DiagnosticFailure`.
  public static func load(_ path: String) throws(DiagnosticFailure) -> Plan {
    do {
      return try Plan(path: path)
    } catch .invalid(let error) {
      throw DiagnosticFailure(error.diagnostic(path))
    } catch {
      throw DiagnosticFailure(
        error.exitCode == 66 ? .missingFile : .ioFailed, "\(error)", hint: "give a plan file")
    }
  }

  /// A context for a plan.
  /// - Throws: `DiagnosticFailure` where the options or `QUAMBA_ISA` ask for what this machine cannot do.
  public static func context(_ plan: Plan, _ options: ContextOptions) throws(DiagnosticFailure) -> Context {
    do {
      return try Context(plan: plan, options: options)
    } catch {
      throw error.failure
    }
  }

  private static func logits(of file: WritableFile, after ids: [UInt32], threads: Int) throws -> [Float] {
    let context = try context(
      try load(file.temporaryPath),
      ContextOptions(rowCapacity: ids.count, logitRowCapacity: 1, threads: threads))
    try context.run(tokens: ids, segments: [Segment(slot: 0, count: ids.count)])
    let logits = Array(try context.logits(rows: [ids.count - 1])[0])
    guard logits.allSatisfy(\.isFinite) else {
      throw DiagnosticFailure(
        .nonFinite, "the model computes a NaN or an infinity for some tokens",
        hint: "the weights overflow float32; no plan is written")
    }
    return logits
  }

  private static func digest(
    of file: WritableFile, from offset: Int, count: Int, _ shouldStop: () -> Bool
  ) throws -> [UInt8] {
    var hasher = SHA256Hasher()
    try file.read(from: offset, count: count) { (bytes) throws(DiagnosticFailure) in
      if shouldStop() { throw unfinished(file) }
      hasher.update(bytes)
    }
    return hasher.finalize().bytes
  }
}

extension ContextError {
  /// The error as a finding.
  public var failure: DiagnosticFailure {
    switch self {
    case .unknownInstructionSet, .unsupportedInstructionSet:
      DiagnosticFailure(
        .unsupportedProcessor, "\(self)", at: .option("QUAMBA_ISA"), hint: "unset QUAMBA_ISA")
    case .memory, .threads:
      DiagnosticFailure(.unsupportedProcessor, "\(self)", hint: "use fewer threads, or a smaller model")
    case .option: DiagnosticFailure(.badOption, "\(self)")
    }
  }
}

extension PlanError {
  /// The error as a finding about a file.
  func diagnostic(_ path: String) -> Diagnostic {
    let code: DiagnosticCode =
      switch self {
      case .version: .planVersion
      case .features: .unsupportedPlan
      default: .badPlan
      }
    let hint =
      code == .badPlan
      ? "the file is damaged or not a plan; compile again"
      : "compile the model again, or use a newer version of this tool"
    return Diagnostic(code, "\(self)", at: .file(path), hint: hint)
  }
}
