import ArgumentParser
import CompilerDriver
import Files

/// The command `quamba inspect`.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Shows what a model directory or a plan holds.")

  @Argument(help: "A model directory or a plan file.")
  var path: String

  @Flag(help: "Print JSON; for a plan with every scale and multiplier.")
  var json = false

  @Flag(help: "For a plan: list every instruction, buffer and constant.")
  var instructions = false

  @OptionGroup var tokenizer: TokenizerOptions

  func run() throws {
    if InputFile.isDirectory(path) {
      let inspection = try ModelInspection(directory: path, tokenizer: tokenizer.tokenizer)
      Console.report(inspection.findings)
      if json { Console.print(inspection.json) } else { Console.print(inspection.text) }
      return
    }
    let inspection = try PlanInspection(path: path)
    if json {
      Console.print(inspection.json)
    } else if instructions {
      inspection.printListing { Console.print($0) }
    } else {
      Console.print(inspection.text)
    }
  }
}
