public import ArgumentParser
import Calibration
public import CompilerDriver
import Diagnostics
import Files
import Passes

/// The command `quamba calibrate`.
struct Calibrate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Observes the ranges of a model's activations over text, for use by compile --stats.",
    discussion:
      """
      Recipes share statistics, except where their rotation is residual or carries signs, or their norm gains are \
      folded: name such a recipe by --recipe. Statistics are bound to the model, its tokenizer and the text.
      To share the work among machines, run --part 1/4 to 4/4 with the same model, text and sizes, and join the files by \
      'quamba stats merge'; the result has the same bytes as one run.
      Interrupted by Ctrl-C or SIGTERM (exit status 75), it keeps what it has seen in OUTPUT.unfinished; the same command \
      goes on from there, to the same bytes.
      """)

  @Argument(help: "A model directory.")
  var model: String

  @Option(name: .shortAndLong, help: "The statistics file to write (.qstats).")
  var output: String

  @OptionGroup var tokenizer: TokenizerOptions
  @Option(help: "The recipe that the statistics are for: a built-in one, or a file of JSON.")
  var recipe = Recipe.standard.name

  @OptionGroup var calibration: CalibrationOptions
  @Option(help: "Run one part of the passages, as 2/4: the second of four.")
  var part: CalibrationText.Part?
  @Flag(help: "Also say what share of the float32 rate, measured before and after, the run reached.")
  var limits = false

  @OptionGroup var threads: ThreadOptions
  @OptionGroup var progress: ProgressOptions

  func run() throws {
    let shouldStop = Interruption.shouldStop
    let file = try OutputFile(output)  // It does not ask: what is complete is not thrown away.
    let loaded = try LoadedModel(
      directory: model, tokenizer: tokenizer.tokenizer, checksValues: true, shouldStop: shouldStop)
    Console.report(loaded.findings)
    let reporter = ProgressReporter(progress.progress, task: "calibrate")
    let run = try CalibrationRun(loaded, recipe: try RecipeSource.recipe(recipe))
    if let caution = run.caution(text: calibration.text) { Console.report([caution]) }
    let meter = limits ? try CalibrationMeter(threads: threads.count) : nil
    let unfinished = UnfinishedCalibration(output: output)
    let statistics = try run.run(
      text: try calibration.text.map { try TextInput(path: $0) }, size: calibration.size,
      part: part ?? .whole, unfinished: unfinished, meter: meter, threads: threads.count,
      progress: reporter.show, shouldStop: shouldStop)
    try file.write(Array(statistics.text.utf8))
    try file.publish()
    unfinished.remove()
    Console.report(statistics.findings.filter { $0.code != .incompleteStatistics })
    Console.print("\(output): \(statistics.account)")
    if let reading = meter?.reading { Console.print(reading.text) }
  }
}

extension CalibrationText.Part: ExpressibleByArgument {
  /// Reads a part as `2/4`.
  public init?(argument: String) { self.init(argument) }
}

extension CalibrationMeter.Reading {
  /// The rates for people.
  fileprivate var text: String {
    "\(FixedPoint.text(tokensPerSecond, digits: 0)) tokens a second, "
      + "\(FixedPoint.text(floatShare, digits: 2)) of the machine's float32 rate"
  }
}
