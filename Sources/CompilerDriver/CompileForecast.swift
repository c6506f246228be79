import Backend
public import Diagnostics
import Frontend
import IR
public import JSONText
import Passes
import PlanFormat
import PlanRuntime

/// What a compile will make of a model directory, from its headers alone: it runs the same passes, instruction
/// selection and layout, over ranges that stand for those of calibration.
public struct CompileForecast: Sendable {
  /// What becomes of one tensor of the checkpoint.
  public struct Tensor: Sendable {
    fileprivate let source: Checkpoint.Entry
    /// Element types of what the plan holds of it, the largest first; none where it is folded into others.
    public let plannedTypes: [String]
    /// Bytes of what the plan holds of it: codes, scales, corrections.
    public let plannedBytes: Int
    /// Name in the checkpoint.
    public var name: String { source.name }
    /// Element type as safetensors names it, and sizes, outermost first.
    public var type: String { "\(source.typeName)\(source.shape)" }
    /// Bytes in the checkpoint.
    public var byteCount: Int { source.byteCount }

    /// What a plan holds of a tensor: bytes by element type.
    fileprivate init(_ source: Checkpoint.Entry, planned: [String: Int]) {
      self.source = source
      plannedTypes = planned.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
      plannedBytes = planned.values.reduce(0, +)
    }
  }

  /// Name of the recipe.
  public let recipe: String
  /// Model family.
  public let architecture: String
  /// Layers of the model.
  public let layers: Int
  /// The checkpoint's tensors, by name.
  public let tensors: [Tensor]
  /// Bytes of the plan file.
  public let planBytes: Int
  /// Bytes of the plan that come before its weights: instructions, names, tokenizer, golden logits.
  public let headerBytes: Int
  /// Bytes of the plan's constants that are made of no tensor, such as scales of activations, and of padding.
  public let otherBytes: Int
  /// Bytes of one sequence's state at run time.
  public let stateBytes: Int
  /// Bytes of the arenas of a context with the usual number of rows.
  public let arenaBytes: Int
  /// Rows, and rows of logits, that a context usually has.
  public let (rowCapacity, logitRowCapacity): (Int, Int)
  /// Bytes of the larger of the temporary plans that calibrations run; 0 without calibration.
  public let scratchBytes: Int
  /// Seconds that a compile may take, by part.
  public let seconds: [(name: String, seconds: Double)]
  /// Warnings and notes.
  public let findings: [Diagnostic]

  /// Bytes that one sequence's memory grows by for each 1,000 tokens of context: keys and values; states do not grow.
  public let contextBytes: Int
  /// Bytes of the checkpoint's tensors.
  public var bytesBefore: Int { tensors.reduce(0) { $0 + $1.byteCount } }

  /// Foretells a compile; its output, its text and its directory of dumps are not looked at.
  /// - Throws: `DiagnosticFailure` with everything that headers show to be wrong.
  public init(_ options: Compiler.Options) throws {
    let model = try LoadedModel(directory: options.model, tokenizer: options.tokenizer, checksValues: false)
    let builder = PlanBuilder(model: model, recipe: options.recipe, license: options.license)
    let idle = try builder.checkPatterns()
    let calibration = try CalibrationRun(model, recipe: options.recipe)
    var (plan, found) = try builder.plan(ranges: calibration.placeholders)
    // As long as digests are, and two, because equal strings are stored once.
    let (first, second) = (String(repeating: "0", count: 64), String(repeating: "1", count: 64))
    builder.addProvenance(to: &plan, model: first, statistics: options.recipe.needsRanges ? second : nil)
    let layout = try PlanFile.layout(of: plan, golden: builder.goldenPrompt).layout
    let record = plan.draft.model
    let usual = ContextOptions()
    recipe = options.recipe.name
    architecture = model.imported.module.architecture
    layers = model.imported.module.layers
    tensors = Self.tensors(of: model.imported.checkpoint, in: plan, layout)
    planBytes = Int(layout.fileLength)
    headerBytes = Int(layout.weightsOffset)
    otherBytes = planBytes - headerBytes - tensors.reduce(0) { $0 + $1.plannedBytes }
    stateBytes = Int(record.stateBytesPerSlot)
    contextBytes = Int(record.bytesPerPage) * 1000 / Int(PlanLimits.pageTokens)
    (rowCapacity, logitRowCapacity) = (usual.rowCapacity, usual.logitRowCapacity)
    arenaBytes = rowCapacity * Int(record.bodyBytesPerRow) + logitRowCapacity * Int(record.headBytesPerRow)
    let calibrates = options.recipe.needsRanges && options.statistics == nil
    let floatPlanBytes = calibrates ? try calibration.scratchBytes : 0
    scratchBytes = max(floatPlanBytes, options.recipe.observesCodes ? planBytes : 0)
    let tokens = Double(options.size.samples) * Double(options.size.length)
    let work = TimeEstimate.Work(
      sourceBytes: model.imported.checkpoint.byteCount, planBytes: planBytes, floatPlanBytes: floatPlanBytes,
      products: tokens * calibration.products, observesCodes: options.recipe.observesCodes)
    seconds = try TimeEstimate(threads: options.threads).seconds(of: work)
    findings = model.findings + idle + found
  }

  private static func tensors(
    of checkpoint: Checkpoint, in plan: LoweredPlan, _ layout: PlanLayout
  ) -> [Tensor] {
    var parts: [String: [String: Int]] = [:]
    for (index, source) in plan.sources.enumerated() {
      guard let source else { continue }
      let bytes = Int(layout.byteCount(of: ConstantID(UInt32(index))))
      parts[source, default: [:]]["\(plan.draft.constants[index].type)", default: 0] += bytes
    }
    return checkpoint.names.compactMap { name in
      checkpoint.entry(name).map { Tensor($0, planned: parts[name] ?? [:]) }
    }
  }
}

extension CompileForecast {
  /// The forecast as JSON (`Schemas/compile-dry-run.schema.json`); sizes in bytes, times in seconds.
  public var json: JSONValue {
    .object([
      ("recipe", .string(recipe)), ("architecture", .string(architecture)),
      ("layers", .integer(Int64(layers))), ("bytes_before", .integer(Int64(bytesBefore))),
      ("bytes_after", .integer(Int64(planBytes))), ("header_bytes", .integer(Int64(headerBytes))),
      ("other_bytes", .integer(Int64(otherBytes))), ("state_bytes", .integer(Int64(stateBytes))),
      ("context_bytes_per_1000_tokens", .integer(Int64(contextBytes))),
      ("arena_bytes", .integer(Int64(arenaBytes))), ("arena_rows", .integer(Int64(rowCapacity))),
      ("arena_logit_rows", .integer(Int64(logitRowCapacity))),
      ("scratch_bytes", .integer(Int64(scratchBytes))),
      ("seconds", .object(seconds.map { ($0.name, .number($0.seconds)) })),
      ("tensors", .array(tensors.map(\.json))),
      ("findings", .array(findings.map { .string($0.description) })),
    ])
  }
}

extension CompileForecast.Tensor {
  fileprivate var json: JSONValue {
    .object(
      source.fields + [
        ("planned_types", .array(plannedTypes.map { .string($0) })),
        ("planned_bytes", .integer(Int64(plannedBytes))),
      ])
  }
}
