import Backend
public import Calibration
import Diagnostics
import Files
import Frontend
import IR
public import Passes
import PlanFormat
import PlanRuntime

/// Compiles a model directory into a plan file.
public struct Compiler {
  /// What to compile, and how.
  public struct Options: Sendable {
    /// The model directory.
    public var model: String
    /// The plan file.
    public var output: String
    /// A `tokenizer.json` in place of the directory's.
    public var tokenizer: String?
    /// What is quantized, and how.
    public var recipe: Recipe
    /// Stored statistics; calibration runs where absent.
    public var statistics: String?
    /// The text to calibrate on; the text that is part of the program where absent.
    public var text: String?
    /// How much text is used.
    public var size = CalibrationText.Size()
    /// A directory for the IR after every pass.
    public var dumpDirectory: String?
    /// Licence of the model, for the plan's metadata.
    public var license: String?
    /// Bytes of Gram matrices that rounding by GPTQ holds at once; it holds one matrix at least.
    public var gramBytes = 1 << 30
    /// Threads.
    public var threads: Int
    /// Rules that the recipe gains once its statistics are there; nil for none.
    public var choosing: Choosing?

    /// Chooses rules for a model, which calibration has seen.
    public typealias Choosing = @Sendable (LoadedModel, Statistics) throws -> [TensorRule]

    /// Options of a compile with everything else as usual.
    public init(model: String, output: String, recipe: Recipe, threads: Int) {
      self.model = model
      self.output = output
      self.recipe = recipe
      self.threads = threads
    }
  }

  private let options: Options
  private var recipe: Recipe
  private var stopwatch = Stopwatch()
  private var findings: [Diagnostic] = []

  private init(_ options: Options) {
    self.options = options
    recipe = options.recipe
  }

  /// Compiles a model directory into a plan file, which appears only when it is complete.
  ///
  /// - Parameters:
  ///   - progress: told how far the calibration has come.
  ///   - secondProgress: told how far the second calibration has come, where the recipe needs one.
  ///   - shouldStop: asked often; the compile fails as interrupted where it says yes. What its own calibration
  ///     has seen is then kept beside the output, and the next compile goes on from there.
  /// - Throws: `DiagnosticFailure` with everything found in the phase that failed.
  public static func compile(
    _ options: Options, progress: CalibrationRun.Progress,
    secondProgress: @escaping CalibrationRun.Progress = { _, _ in },
    shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws -> CompileReport {
    var compiler = Compiler(options)
    return try compiler.run(progress: progress, secondProgress: secondProgress, shouldStop: shouldStop)
  }

  private mutating func run(
    progress: CalibrationRun.Progress, secondProgress: @escaping CalibrationRun.Progress,
    shouldStop: @escaping @Sendable () -> Bool
  ) throws -> CompileReport {
    let output = try OutputFile(options.output, shouldStop: shouldStop)
    let model = try stopwatch.time("read model") {
      try LoadedModel(
        directory: options.model, tokenizer: options.tokenizer, checksValues: true, shouldStop: shouldStop)
    }
    findings += model.findings
    let builder = PlanBuilder(model: model, recipe: recipe, license: options.license)
    findings += try builder.checkPatterns()
    let dump = try options.dumpDirectory.map { try IRDump(directory: $0) }
    try dump?.write(model.imported.module, after: "import")
    let calibration = try CalibrationRun(model, recipe: recipe)
    let statistics = try statistics(calibration, progress, shouldStop)
    return try keeping(statistics) { compiler throws in
      let builder = try compiler.choose(builder, statistics)
      return try compiler.quantize(
        builder, calibration, statistics, into: output, dump, secondProgress, shouldStop)
    }
  }

  /// Adds the rules that are chosen once statistics are there.
  private mutating func choose(_ builder: PlanBuilder, _ statistics: Statistics?) throws -> PlanBuilder {
    guard let choosing = options.choosing, let statistics else { return builder }
    recipe.rules += try stopwatch.time("choose bits") { try choosing(builder.model, statistics) }
    return PlanBuilder(model: builder.model, recipe: recipe, license: options.license)
  }

  /// What follows the calibration.
  private mutating func quantize(
    _ builder: PlanBuilder, _ calibration: CalibrationRun, _ statistics: Statistics?, into output: OutputFile,
    _ dump: IRDump?, _ secondProgress: @escaping CalibrationRun.Progress,
    _ shouldStop: @escaping @Sendable () -> Bool
  ) throws -> CompileReport {
    let model = builder.model
    findings += statistics?.calibrationFindings ?? []
    let ranges = try statistics.map { try RangeTable($0, recipe: recipe) } ?? RangeTable()
    var (plan, found) = try stopwatch.time("passes") {
      try builder.plan(ranges: ranges) { pass, module in try dump?.write(module, after: pass.name) }
    }
    findings += found
    builder.addProvenance(to: &plan, model: try model.digest(), statistics: statistics?.digest)
    let codes = try codeCalibration(of: plan, model, calibration, statistics, secondProgress, shouldStop)
    let refinement = codes.map { self.refinement(by: $0) }
    let bytes = try stopwatch.time("write plan") {
      let bytes = try PlanFile.write(
        plan, tensors: model.imported.checkpoint, into: output, threads: options.threads,
        golden: builder.goldenPrompt, refinement: refinement, shouldStop: shouldStop)
      try output.publish()
      return bytes
    }
    if let codes { stopwatch.move(codes.seconds, from: "write plan", to: "second calibration") }
    return CompileReport(
      recipe: recipe.name, layers: model.imported.module.layers,
      bytesBefore: model.imported.checkpoint.byteCount, bytesAfter: bytes,
      stateBytes: Int(plan.draft.model.stateBytesPerSlot),
      worstSaturation: statistics.flatMap { worstSaturation($0, in: plan.module) }, statistics: statistics,
      times: stopwatch.parts, findings: findings)
  }

  private mutating func statistics(
    _ calibration: CalibrationRun, _ progress: CalibrationRun.Progress,
    _ shouldStop: () -> Bool
  ) throws -> Statistics? {
    guard recipe.needsRanges else { return nil }
    if let path = options.statistics {
      return try stopwatch.time("read statistics") { try calibration.readStatistics(path) }
    }
    if let caution = calibration.caution(text: options.text) { findings.append(caution) }
    let unfinished = unfinished
    return try stopwatch.time("calibrate") {
      try calibration.run(
        text: try options.text.map { try TextInput(path: $0) }, size: options.size, unfinished: unfinished,
        threads: options.threads, progress: progress, shouldStop: shouldStop)
    }
  }

  /// Where a calibration that was stopped is kept; nil where the compile does not calibrate.
  private var unfinished: UnfinishedCalibration? {
    guard recipe.needsRanges, options.statistics == nil else { return nil }
    return UnfinishedCalibration(output: options.output)
  }

  /// Does what follows the calibration; an interruption does not lose what that has seen.
  private mutating func keeping(
    _ statistics: Statistics?, _ body: (inout Compiler) throws -> CompileReport
  ) throws -> CompileReport {
    do {
      let report = try body(&self)
      // Whether or not it was taken up: the output is complete.
      if recipe.needsRanges { UnfinishedCalibration(output: options.output).remove() }
      return report
    } catch let failure as DiagnosticFailure {
      guard failure.exitStatus == .interrupted, let unfinished, let statistics else { throw failure }
      try unfinished.write(statistics)
      throw DiagnosticFailure(.interrupted, failure.diagnostics[0].message, hint: unfinished.hint)
    }
  }

  /// The second calibration, ready to run, where the recipe needs one.
  private mutating func codeCalibration(
    of plan: LoweredPlan, _ model: LoadedModel, _ calibration: CalibrationRun, _ statistics: Statistics?,
    _ progress: @escaping CalibrationRun.Progress, _ shouldStop: @escaping @Sendable () -> Bool
  ) throws -> CodeCalibration? {
    guard recipe.observesCodes, let statistics else { return nil }
    let (options, text) = (options, try options.text.map { try TextInput(path: $0) })
    return try stopwatch.time("second calibration") {
      try CodeCalibration(
        plan, tensors: model.imported.checkpoint,
        passages: try calibration.passages(of: statistics, text: text),
        threads: options.threads, progress: progress, shouldStop: shouldStop)
    }
  }

  private func refinement(by codes: CodeCalibration) -> CodeRefinement {
    CodeRefinement(
      roundsByError: recipe.weights.rounding == .gptq, correctsBias: recipe.correctsBias,
      gramBytes: options.gramBytes, observe: codes.observe)
  }

  /// The tensor of which calibration clipped the largest share; clips are of codes with one scale.
  private func worstSaturation(
    _ statistics: Statistics, in module: Module
  ) -> (tensor: String, share: Double)? {
    let single = module.nodes.filter { if case .perTensor? = $0.type.scale { true } else { false } }
    let clipped = Set(single.map(\.name))
    let shares = statistics.taps.compactMap { tap -> (tensor: String, share: Double)? in
      guard clipped.contains(tap.name), let histogram = tap.histogram,
        let clip = recipe.clip(ofActivation: tap.name).magnitude(histogram)
      else { return nil }
      let share = histogram.share(above: clip)
      return share > 0 ? (tap.name, share) : nil
    }
    return shares.max { $0.share < $1.share }
  }
}
