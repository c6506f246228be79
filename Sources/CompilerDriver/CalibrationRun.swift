import Backend
public import Calibration
public import Diagnostics
import Digests
import Files
import Frontend
import IR
import JSONText
public import Passes
import PlanRuntime

/// Calibration of a model: the rotated module as a float plan, run over text.
public struct CalibrationRun: Sendable {
  /// Reports progress: passages done, and in all.
  public typealias Progress = (_ done: Int, _ total: Int) -> Void

  private let model: LoadedModel
  private let module: Module
  private let modelDigest: String

  /// Prepares the calibration of a model.
  /// - Throws: `DiagnosticFailure`.
  public init(_ model: LoadedModel, recipe: Recipe = .standard) throws {
    self.init(
      model,
      module: try Pipeline.run(
        Pipeline.calibrationPasses(for: recipe), on: model.imported.module, recipe: recipe
      ).module, modelDigest: try model.digest())
  }

  private init(_ model: LoadedModel, module: Module, modelDigest: String) {
    self.model = model
    self.module = module
    self.modelDigest = modelDigest
  }

  /// What statistics of this model must be bound to, whatever the text.
  public var digests: [String: String] {
    [
      "model": modelDigest, "tokenizer": model.tokenizerDigest,
      "module": Digests.sha256(Array(module.text.utf8)).hex,
    ]
  }

  /// Runs the model over text and gives what was seen.
  /// - Parameter text: nil for the text that is part of the program, or random ids where there is no tokenizer.
  /// - Throws: `DiagnosticFailure`.
  public func run(
    text: TextInput?, size: CalibrationText.Size, threads: Int, progress: Progress,
    shouldStop: () -> Bool = { false }
  ) throws -> Statistics {
    let passages = try passages(text, size)
    let scratch = try WritableFile.scratch("calibration")
    try PlanFile.write(
      try LoweredPlan(lowering: module), tensors: model.imported.checkpoint, into: scratch, threads: threads)
    let plan = try PlanFile.load(scratch.temporaryPath)
    var digests = digests
    digests["text"] = passages.digest
    let bindings = Bindings(
      digests: digests, sequenceLength: size.length, sampleCount: passages.passages.count)
    do {
      return try Calibrator.run(
        plan: plan, passages: passages.passages, bindings: bindings, percentileTaps: percentileTaps,
        threads: threads, progress: progress, shouldStop: shouldStop)
    } catch .stopped(let done) {
      throw DiagnosticFailure(.interrupted, "calibration was stopped after \(done) passages")
    } catch .notFinite(let tap, let passage) {
      throw DiagnosticFailure(
        .nonFinite, "the model computes a NaN or an infinity in passage \(passage)", at: .node(tap),
        hint: "the weights overflow float32; nothing can be calibrated")
    } catch .plan(let error) {
      throw error.failure
    } catch {
      throw DiagnosticFailure(.badText, "\(error)")
    }
  }

  /// What users should know of a calibration on this text before they trust it.
  public func caution(text: String?) -> Diagnostic? {
    guard model.tokenizer == nil && text == nil else { return nil }
    return Diagnostic(
      .badText, "calibrated on random token ids, which tell little about real activations",
      hint: "give a .jsonl file with a field \"ids\" by --text", severity: .warning)
  }

  /// Reads statistics and makes sure that they belong to this model.
  /// - Throws: `DiagnosticFailure` naming what differs.
  public func readStatistics(_ path: String) throws(DiagnosticFailure) -> Statistics {
    let statistics = try Statistics(path: path)
    let differing = statistics.mismatch(with: digests)
    guard differing.isEmpty else {
      throw DiagnosticFailure(
        .statisticsMismatch,
        "the statistics were taken with another \(differing.joined(separator: ", another "))",
        at: .file(path), hint: "calibrate this model anew")
    }
    return statistics
  }

  /// The tensors whose clip may be a percentile: what the scan reads as u.
  private var percentileTaps: Set<String> {
    Set(module.nodes.filter { $0.op == .selectiveScan }.map { module[$0.operands[0]].name })
  }

  private func passages(_ text: TextInput?, _ size: CalibrationText.Size) throws(DiagnosticFailure)
    -> CalibrationText
  {
    if let text { return try CalibrationText(text, model: model, size: size) }
    guard model.tokenizer != nil else { return CalibrationText(randomBelow: model.vocabulary, size: size) }
    return try CalibrationText(.builtIn, model: model, size: size)
  }
}

extension Statistics {
  /// Reads a `.qstats` file.
  /// - Throws: `DiagnosticFailure`.
  public init(path: String) throws(DiagnosticFailure) {
    let bytes = try InputFile.read(path, limit: 1 << 30)
    do {
      try self.init(parsing: bytes)
    } catch .json(let error) {
      throw DiagnosticFailure(error.diagnostic(.badStatistics, file: path, hint: "calibrate anew"))
    } catch {
      throw DiagnosticFailure(.badStatistics, "\(error)", at: .file(path), hint: "calibrate anew")
    }
  }
}
