import ArgumentParser
import CompilerDriver
import Diagnostics
import Files
import Passes
import Report

/// The command `quamba compile`.
struct Compile: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compiles a model directory into a plan file.",
    discussion: """
      Calibrates on text unless statistics are given. A recipe says what is quantized, and how; docs/recipes.md \
      explains its parts, --print-recipe shows one as JSON to start from. The plan appears under its name only when it is complete, and \
      the same inputs give the same bytes.
      Interrupted by Ctrl-C or SIGTERM (exit status 75), it keeps what its calibration has seen in OUTPUT.unfinished; the \
      same command goes on from there, to the same bytes.
      """)

  @Argument(
    help: """
      A model directory: config.json, weights (.safetensors, or pytorch_model.bin), tokenizer.json. 'docs/models.md' \
      says what is read.
      """)
  var model: String?

  @Option(name: .shortAndLong, help: "The plan file to write.")
  var output: String?

  @OptionGroup var recipe: RecipeOptions
  @OptionGroup var budget: BudgetOptions
  @Flag(help: "Print the recipe as JSON, with all changes to it, and do nothing else.")
  var printRecipe = false
  @Flag(
    help: """
      Read headers alone, write nothing, and print what the plan will hold of every tensor, its exact size, the memory \
      it needs at run time, and about how long the compile will take.
      """)
  var dryRun = false
  @OptionGroup var tokenizer: TokenizerOptions
  @Option(
    help: """
      Statistics by 'quamba calibrate'; calibrates when absent. A recipe with a second calibration needs the text \
      that they were taken on, by --text where 'calibrate' had one.
      """)
  var stats: String?
  @Option(
    help: ArgumentHelp("What rounding by GPTQ may hold of its matrices at a time.", valueName: "mebibytes"))
  var gptqMemory = 1024
  @OptionGroup var calibration: CalibrationOptions
  @Option(help: "Directory for the IR after every pass, as numbered files.")
  var dumpIR: String?
  @Option(help: "Licence of the model, recorded in the plan.")
  var license: String?
  @Option(help: "HTML page to write about the plan: ranges, histograms, scales, sizes (see 'quamba report').")
  var report: String?
  @Flag(help: "Put the times of this run into the report, which then differs from run to run.")
  var timings = false
  @Flag(help: "Print the account as JSON.")
  var json = false
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var progress: ProgressOptions

  func validate() throws {
    if !printRecipe {
      if model == nil { throw ValidationError("Missing expected argument '<model>'") }
      if output == nil && !dryRun { throw ValidationError("Missing expected argument '--output <output>'") }
    }
    if dryRun && (report != nil || dumpIR != nil) {
      throw ValidationError("--dry-run writes nothing; leave out --report and --dump-ir")
    }
    if printRecipe && budget.budget != nil {
      throw ValidationError("--budget chooses for a model; leave out --print-recipe")
    }
    if timings && report == nil { throw ValidationError("--timings is for --report") }
    let needsText = calibration.isTextAlone && (try? recipe.resolved())?.observesCodes == true
    if stats != nil && calibration.isGiven && !needsText {
      throw ValidationError(
        "--stats takes the place of calibration; leave out --text, --samples and --seq-len")
    }
    guard (1...1_000_000).contains(gptqMemory) else {
      throw ValidationError("--gptq-memory must be from 1 to 1000000")
    }
    let isOneLine = license?.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control } ?? true
    guard isOneLine, (license ?? "").utf8.count <= 1024 else {
      throw ValidationError("--license must be one line of at most 1024 bytes")
    }
  }

  func run() throws {
    guard !printRecipe, let model else {
      Console.print(try recipe.resolved().jsonText)
      return
    }
    var options = Compiler.Options(
      model: model, output: output ?? "", recipe: try recipe.resolved(), threads: threads.count)
    options.tokenizer = tokenizer.tokenizer
    options.statistics = stats
    options.text = calibration.text
    options.size = calibration.size
    options.dumpDirectory = dumpIR
    options.license = license
    options.gramBytes = gptqMemory << 20
    if dryRun {
      options.recipe.rules += try budget.rules(for: options)
      let forecast = try CompileForecast(options)
      Console.report(forecast.findings)
      if json { Console.print(forecast.json) } else { Console.print(forecast.text) }
    } else {
      options.choosing = budget.choosing(for: options, progress: progress.progress)
      try compile(options)
    }
  }

  private func compile(_ options: Compiler.Options) throws {
    let output = options.output
    let page = try report.map { try OutputFile($0, shouldStop: Interruption.shouldStop) }
    let reporter = ProgressReporter(progress.progress, task: "calibrate")
    var second: ProgressReporter?
    let account = try Compiler.compile(
      options, progress: reporter.show,
      secondProgress: { done, total in
        let reporter = second ?? ProgressReporter(progress.progress, task: "calibrate codes")
        reporter.show(done, total)
        second = reporter
      }, shouldStop: Interruption.shouldStop)
    if let page { try write(account, of: output, to: page) }
    Console.report(account.findings)
    if json { Console.print(account.json) } else { Console.print(text(account, output)) }
  }

  private func write(_ account: CompileReport, of output: String, to page: OutputFile) throws {
    var report = Report(try PlanFile.load(output), name: Self.name(output))
    report.statistics = account.statistics
    report.sourceBytes = account.bytesBefore
    report.findings = account.findings.map(\.description)
    report.command = CommandText.own
    if timings { report.seconds = account.times }
    try page.write(Array(report.page.utf8))
    try page.publish()
  }

  /// The last part of a path.
  static func name(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

  private func text(_ report: CompileReport, _ output: String) -> String {
    let share = FixedPoint.text(
      Double(report.bytesAfter) / Double(max(report.bytesBefore, 1)) * 100, digits: 1)
    let times = report.times.map { "\($0.name) \(FixedPoint.text($0.seconds, digits: 2)) s" }
    var lines = [
      "\(output): \(report.layers) layers by recipe \(report.recipe)",
      "  size        \(ByteCount.text(report.bytesBefore)) before, \(ByteCount.text(report.bytesAfter)) after (\(share) %)",
      "  state       \(ByteCount.text(report.stateBytes)) a sequence",
    ]
    if let worst = report.worstSaturation {
      lines.append(
        "  saturation  at worst \(FixedPoint.text(worst.share * 100, digits: 4)) % of \(worst.tensor)")
    }
    return (lines + ["  time        " + times.joined(separator: ", ")]).joined(separator: "\n")
  }
}
