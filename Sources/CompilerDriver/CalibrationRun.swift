import Backend
public import Calibration
public import Diagnostics
import Digests
import Files
import Frontend
import IR
import JSONText
public import Passes
import PlanFormat
import PlanRuntime

/// Calibration of a model: the rotated module as a float plan, run over text.
public struct CalibrationRun: Sendable {
  /// Reports progress: passages done, and in all.
  public typealias Progress = (_ done: Int, _ total: Int) -> Void

  private let model: LoadedModel
  private let module: Module
  private let recipe: Recipe

  /// Prepares the calibration of a model.
  /// - Throws: `DiagnosticFailure`.
  public init(_ model: LoadedModel, recipe: Recipe = .standard) throws {
    self.model = model
    self.recipe = recipe
    module =
      try Pipeline.run(
        Pipeline.calibrationPasses(for: recipe), on: model.imported.module, recipe: recipe
      ).module
  }

  /// What statistics of this model must be bound to, whatever the text.
  /// - Throws: `DiagnosticFailure` where a file of the model cannot be read.
  public func digests() throws -> [String: String] {
    [
      "model": try model.digest(), "tokenizer": model.tokenizerDigest,
      "module": Digests.sha256(Array(module.text.utf8)).hex,
    ]
  }

  /// Runs the model over text and gives what was seen.
  /// - Parameters:
  ///   - text: nil for the text that is part of the program, or random ids where there is no tokenizer.
  ///   - part: the passages that are run; the statistics are bound to the whole.
  ///   - unfinished: where what was seen is kept when the run is stopped, and where it is taken up again.
  ///   - meter: told how fast the model ran.
  /// - Throws: `DiagnosticFailure`.
  public func run(
    text: TextInput?, size: CalibrationText.Size, part: CalibrationText.Part = .whole,
    unfinished: UnfinishedCalibration? = nil, meter: CalibrationMeter? = nil, threads: Int,
    progress: Progress,
    shouldStop: () -> Bool = { false }
  ) throws -> Statistics {
    let passages = try passages(text, size)
    let chosen = part.indices(of: passages.passages.count)
    guard !chosen.isEmpty else {
      throw DiagnosticFailure(
        .badOption,
        "part \(part.number) of \(part.count) is empty: there are \(passages.passages.count) passages",
        at: .option("--part"), hint: "make fewer parts")
    }
    var digests = try digests()
    digests["text"] = passages.digest
    let bindings = Bindings(
      digests: digests, sequenceLength: size.length, sampleCount: passages.passages.count)
    let wanted = passages.passages[chosen]
    let earlier = try unfinished?.read(belongingTo: bindings, passages: Set(wanted.map(\.index)))
    let counted = Set(earlier?.passages.map(\.index) ?? [])
    let left = wanted.filter { !counted.contains($0.index) }
    if left.isEmpty, let earlier { return earlier }
    let plan = try floatPlan(threads: threads, observesStates: true)
    var kept: Statistics?
    do {
      func observe() throws(CalibrationError) -> Statistics {
        try Calibrator.run(
          plan: plan, passages: left, bindings: bindings, percentileTaps: percentileTaps, threads: threads,
          progress: { progress(counted.count + $0, counted.count + $1) }, shouldStop: shouldStop,
          whenStopped: { kept = $0 })
      }
      let tokens = left.reduce(0) { $0 + $1.tokens.count }
      return try join(earlier, meter?.measure(plan, tokens: tokens, observe) ?? observe())
    } catch let error as CalibrationError {
      guard case .stopped = error, let unfinished, let kept else { throw error.failure }
      try unfinished.write(join(earlier, kept))
      throw DiagnosticFailure(
        .interrupted, "calibration was stopped after \(counted.count + kept.passages.count) passages",
        hint: unfinished.hint)
    }
  }

  /// What was seen before and after an interruption.
  private func join(_ earlier: Statistics?, _ rest: Statistics) throws(DiagnosticFailure) -> Statistics {
    guard let earlier else { return rest }
    do {
      return try earlier.merging(rest)
    } catch {
      throw DiagnosticFailure(.badStatistics, "\(error)", hint: "calibrate anew")
    }
  }

  /// The float plan of the module whose tensors a compile by the recipe quantizes.
  /// - Parameter observesStates: whether the plan also writes the largest states that its scans reach.
  /// - Throws: `DiagnosticFailure`.
  func floatPlan(threads: Int, observesStates: Bool = false) throws -> Plan {
    let scratch = try WritableFile.scratch("calibration")
    try PlanFile.write(
      try LoweredPlan(lowering: module, observesStates: observesStates), tensors: model.imported.checkpoint,
      into: scratch, threads: threads, shouldStop: model.imported.checkpoint.shouldStop)
    return try PlanFile.load(scratch.temporaryPath)
  }

  /// Ranges that stand for those of a calibration where nothing but sizes is asked for.
  var placeholders: RangeTable { RangeTable(placeholdersFor: module) }

  /// Bytes of the temporary file that a calibration needs.
  /// - Throws: `DiagnosticFailure`.
  var scratchBytes: Int {
    get throws {
      let plan = try LoweredPlan(lowering: module, observesStates: true)
      return Int(try PlanFile.layout(of: plan, golden: []).layout.fileLength)
    }
  }

  /// Multiply-accumulates of all matrices for one token, which goes to some of the experts.
  var products: Double {
    // How many of the tokens reach each value.
    var shares = [Double](repeating: 1, count: module.nodes.count)
    var products = 0.0
    for value in module.values {
      let node = module[value]
      guard let input = node.operands.first else { continue }
      shares[value.index] = shares[input.index]
      if node.op == .dispatch {
        let routes = module[node.operands[1]]
        let experts = module[routes.operands[0]].type.width
        shares[value.index] = Double(routes.attributes.integer("count") ?? 1) / Double(experts)
      }
      if node.op == .linear {
        products += Double(module[node.operands[1]].type.elementCount) * shares[value.index]
      }
    }
    return products
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
  public func readStatistics(_ path: String) throws -> Statistics {
    let statistics = try Statistics(path: path)
    let differing = statistics.mismatch(with: try digests())
    guard differing != ["module"] else {
      throw DiagnosticFailure(
        .statisticsMismatch,
        "the statistics were taken of this model rotated or with its norm gains folded in another way than the recipe asks for",
        at: .file(path), hint: "calibrate with --recipe \(recipe.name)")
    }
    guard differing.isEmpty else {
      throw DiagnosticFailure(
        .statisticsMismatch,
        "the statistics were taken with another \(differing.joined(separator: ", another "))",
        at: .file(path), hint: "calibrate this model anew")
    }
    try statistics.requireComplete(path)
    return statistics
  }

  /// The tensors whose clip may be another than their maximum: all that a recipe may quantize.
  private var percentileTaps: Set<String> {
    let read = module.nodes.flatMap { node -> ArraySlice<ValueID> in
      switch node.op {
      case .linear, .conv1d, .hadamard: node.operands.prefix(1)
      case .selectiveScan: node.operands.prefix(5)
      case .attention: node.operands[1...2]
      default: []
      }
    }
    // Factors of the input of a rotation are part of the instruction that rotates, and no tensor of the plan.
    let computed = read.map { module[$0].op == .scaleChannels ? module[$0].operands[0] : $0 }
    return Set(computed.map { module[$0].name })
  }

  /// The passages of the text that `statistics` were taken on.
  /// - Parameter text: nil as for `run`.
  /// - Throws: `DiagnosticFailure` where the text is another one.
  public func passages(of statistics: Statistics, text: TextInput?) throws(DiagnosticFailure) -> [Passage] {
    let bindings = statistics.bindings
    guard statistics.passages.count == bindings.sampleCount, bindings.sampleCount <= Statistics.mostPassages,
      bindings.sequenceLength <= 4096
    else {
      throw DiagnosticFailure(
        .statisticsMismatch, "the second calibration needs statistics of all passages",
        hint: "merge the parts first")
    }
    let size = CalibrationText.Size(samples: bindings.sampleCount, length: bindings.sequenceLength)
    let found = try passages(text, size)
    guard found.digest == bindings.digests["text"] else {
      throw DiagnosticFailure(
        .statisticsMismatch, "the statistics were taken on another text, which the second calibration needs",
        hint: "give the text that 'calibrate' had by --text, beside --stats")
    }
    return found.passages
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
    let bytes = try InputFile.read(path, limit: 1 << 30, tooLarge: .badStatistics)
    do {
      try self.init(parsing: bytes)
    } catch .json(let error) {
      throw DiagnosticFailure(error.diagnostic(.badStatistics, file: path, hint: "calibrate anew"))
    } catch {
      throw DiagnosticFailure(.badStatistics, "\(error)", at: .file(path), hint: "calibrate anew")
    }
  }
}
