import ArgumentParser
import CompilerDriver
import Diagnostics
import Files

/// The command `quamba ir`.
struct IRCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ir", abstract: "Shows the intermediate representation.",
    subcommands: [Dump.self, Diff.self])

  /// The command `quamba ir dump`.
  struct Dump: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints the IR of a model as text, as imported or after a pass.")

    @Argument(help: "A Hugging Face model directory.")
    var model: String

    @Option(help: "Stop after this pass of the recipe; the imported module unless given.")
    var after: String?

    @Option(name: .shortAndLong, help: "Write to a file instead of standard output.")
    var output: String?

    @OptionGroup var recipe: RecipeOptions
    @Option(help: "Statistics by 'quamba calibrate', for passes that need them; calibrates when absent.")
    var stats: String?
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var progress: ProgressOptions

    func run() throws {
      let file = try output.map { try OutputFile($0, shouldStop: Interruption.shouldStop) }
      let reporter = ProgressReporter(progress.progress, task: "calibrate")
      let text = try IRText.dump(
        model: model, after: after, recipe: try recipe.resolved(), statistics: stats, threads: threads.count,
        progress: reporter.show, shouldStop: Interruption.shouldStop)
      guard let file else { return Console.stream(text) }
      try file.write(Array(text.utf8))
      try file.publish()
    }
  }

  /// The command `quamba ir diff`.
  struct Diff: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints the lines in which two IR texts differ; exit status 1 where they do.")

    @Argument(help: "An IR text.")
    var first: String

    @Argument(help: "Another.")
    var second: String

    func run() throws {
      let difference = try IRText.difference(first, second)
      if difference.isEmpty { return }
      Console.print(difference.joined(separator: "\n"))
      throw ExitCode(ExitStatus.gateFailed.rawValue)
    }
  }
}
