import ArgumentParser
import CompilerDriver
import Diagnostics

/// The command `quamba compile`.
struct Compile: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compiles a model directory into a plan file.",
    discussion: """
      Calibrates on text unless statistics are given. A recipe says what is quantized, and how; docs/recipes.md \
      explains its parts, --print-recipe shows one as JSON to start from. The plan appears under its name only when it is complete, and \
      the same inputs give the same bytes.
      """)

  @Argument(help: "A Hugging Face model directory: config.json, safetensors, tokenizer.json.")
  var model: String?

  @Option(name: .shortAndLong, help: "The plan file to write.")
  var output: String?

  @OptionGroup var recipe: RecipeOptions
  @Flag(help: "Print the recipe as JSON, with all changes to it, and do nothing else.")
  var printRecipe = false
  @Option(help: "Statistics by 'quamba calibrate'; calibrates when absent.")
  var stats: String?
  @OptionGroup var calibration: CalibrationOptions
  @Option(help: "Directory for the IR after every pass, as numbered files.")
  var dumpIR: String?
  @Option(help: "Licence of the model, recorded in the plan.")
  var license: String?
  @Flag(help: "Print the account as JSON.")
  var json = false
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var progress: ProgressOptions

  func validate() throws {
    if !printRecipe {
      if model == nil { throw ValidationError("Missing expected argument '<model>'") }
      if output == nil { throw ValidationError("Missing expected argument '--output <output>'") }
    }
    if stats != nil && calibration.isGiven {
      throw ValidationError(
        "--stats takes the place of calibration; leave out --text, --samples and --seq-len")
    }
    let isOneLine = license?.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control } ?? true
    guard isOneLine, (license ?? "").utf8.count <= 1024 else {
      throw ValidationError("--license must be one line of at most 1024 bytes")
    }
  }

  func run() throws {
    guard !printRecipe, let model, let output else {
      Console.print(try recipe.resolved().jsonText)
      return
    }
    var options = Compiler.Options(
      model: model, output: output, recipe: try recipe.resolved(), threads: threads.count)
    options.statistics = stats
    options.text = calibration.text
    options.size = calibration.size
    options.dumpDirectory = dumpIR
    options.license = license
    Interruption.listen()
    let reporter = ProgressReporter(progress.progress, task: "calibrate")
    let report = try Compiler.compile(
      options, progress: reporter.show, shouldStop: { Interruption.isRequested })
    Console.report(report.findings)
    if json { Console.print(report.json) } else { Console.print(account(report, output)) }
  }

  private func account(_ report: CompileReport, _ output: String) -> String {
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
