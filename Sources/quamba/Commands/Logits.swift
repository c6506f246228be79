import ArgumentParser
import CompilerDriver
import PlanRuntime

/// The command `quamba logits`.
struct Logits: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes the logits of given token sequences, to hold a plan against any other implementation.")

  @Argument(help: "A plan file, or a model directory (in float32).")
  var path: String

  @Option(help: "JSON file of token ids: sequences of one length, [[1, 2, 3], …].")
  var tokens: String

  @Option(name: .shortAndLong, help: "The safetensors file to write.")
  var output: String

  @Flag(help: "Write the embedding, the residual stream after every layer and the final norm too.")
  var hidden = false

  @OptionGroup var threads: ThreadOptions

  func run() throws {
    let sequences = try LogitsExport.readTokens(tokens)
    let shouldStop = Interruption.shouldStop
    let source = try PlanOrModel(path, threads: threads.count, shouldStop: shouldStop)
    Console.report(source.findings)
    try LogitsExport(
      source.plan, threads: threads.count,
      longest: min(sequences[0].count, ContextOptions.largestContextCapacity)
    ).write(sequences, to: output, hidden: hidden, shouldStop: shouldStop)
  }
}
