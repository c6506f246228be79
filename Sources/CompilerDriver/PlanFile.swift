import Backend
public import Diagnostics
import Digests
import Files
import IR
import PlanFormat
public import PlanRuntime

/// Writing of lowered plans, and loading of plan files with errors for people.
public enum PlanFile {
  /// Writes a plan into a file: weights first, then everything that comes before them.
  /// - Parameters:
  ///   - golden: token ids whose logits the plan is to remember; none where empty.
  ///   - shouldStop: asked before every block; the write fails as interrupted where it says yes.
  /// - Throws: `DiagnosticFailure`, or what the tensors throw.
  static func write(
    _ plan: LoweredPlan, tensors: some TensorSource, into file: WritableFile, threads: Int,
    golden: [UInt32] = [],
    shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws {
    var draft = plan.draft
    if !golden.isEmpty {
      draft.golden = Golden(input: golden, logits: Array(repeating: 0, count: Int(draft.model.vocabulary)))
    }
    let layout = try PlanLayout(draft)
    try file.resize(Int(layout.fileLength))
    let writer = WeightsWriter(plan, layout: layout, tensors: tensors, threads: threads) { bytes, offset in
      if shouldStop() {
        throw DiagnosticFailure(.interrupted, "the plan was not finished", at: .file(file.name))
      }
      try file.write(bytes, at: offset)
    }
    try writer.write()
    let weights = try digest(of: file, from: Int(layout.weightsOffset), count: Int(layout.weightsLength))
    func writeHeader(_ layout: PlanLayout) throws {
      try file.write(layout.headerRegion(weightsDigest: weights) { Digests.sha256($0).bytes })
    }
    try writeHeader(layout)
    if !golden.isEmpty {
      draft.golden.logits = try logits(of: file, after: golden, threads: threads)
      try writeHeader(try PlanLayout(draft))
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
    return Array(try context.logits(rows: [ids.count - 1])[0])
  }

  private static func digest(of file: WritableFile, from offset: Int, count: Int) throws -> [UInt8] {
    var hasher = SHA256Hasher()
    try file.read(from: offset, count: count) { hasher.update($0) }
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
    if case .version = self {
      return Diagnostic(
        .planVersion, "\(self)", at: .file(path),
        hint: "compile the model again, or use a newer version of this tool")
    }
    return Diagnostic(
      .badPlan, "\(self)", at: .file(path), hint: "the file is damaged or not a plan; compile again")
  }
}
