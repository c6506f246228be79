import ArgumentParser
import Calibration
import CompilerDriver
import Files

/// The command `quamba calibrate`.
struct Calibrate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Observes the ranges of a model's activations over text, for use by compile --stats.",
    discussion:
      "Every recipe can use the same statistics. They are bound to the model, its tokenizer and the text.")

  @Argument(help: "A Hugging Face model directory.")
  var model: String

  @Option(name: .shortAndLong, help: "The statistics file to write (.qstats).")
  var output: String

  @OptionGroup var calibration: CalibrationOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var progress: ProgressOptions

  func run() throws {
    let file = try OutputFile(output)
    Interruption.listen()
    let loaded = try LoadedModel(directory: model, checksValues: true)
    Console.report(loaded.findings)
    let reporter = ProgressReporter(progress.progress, task: "calibrate")
    let run = try CalibrationRun(loaded)
    if let caution = run.caution(text: calibration.text) { Console.report([caution]) }
    let statistics = try run.run(
      text: try calibration.text.map { try TextInput(path: $0) }, size: calibration.size,
      threads: threads.count,
      progress: reporter.show, shouldStop: { Interruption.isRequested })
    try file.write(Array(statistics.text.utf8))
    try file.publish()
    Console.print("\(output): \(statistics.taps.count) tensors over \(statistics.passages.count) passage(s)")
  }
}
