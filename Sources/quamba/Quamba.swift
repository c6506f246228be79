import ArgumentParser
import CompilerDriver
import Diagnostics
import Glibc

/// The command line.
struct Quamba: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quamba",
    abstract:
      "Compiles selective state-space language models into static 8-bit execution plans, and runs them.",
    discussion: """
      A first run:
        quamba compile MODEL_DIRECTORY -o model.qplan
        quamba run model.qplan --prompt "Once upon a time"

      Results go to standard output, messages and progress to standard error. Nothing touches the network.
      Exit status: 0 ok, 1 a gate failed, 64 usage, 65 bad data, 66 missing input, 69 unsupported, 70 internal fault,
      73 cannot create output, 74 input or output error, 75 interrupted, 76 plan version.
      """,
    version: ToolVersion.number,
    subcommands: [
      Inspect.self, Compile.self, Calibrate.self, StatsCommand.self, Run.self, Eval.self, Compare.self,
      AnalyzeCommand.self, ReportCommand.self, Logits.self, Tokenize.self, Verify.self, Sign.self,
      IRCommand.self, BenchCommand.self, ProfileCommand.self,
    ])
}

@main
enum Main {
  static func main() {
    // A file beyond the limit of sizes is an error like any other, not the end.
    signal(SIGXFSZ, SIG_IGN)
    do {
      var command = try Quamba.parseAsRoot()
      try command.run()
    } catch let failure as DiagnosticFailure {
      Console.report(failure)
      exitProcess(failure.exitStatus)
    } catch let error where Quamba.exitCode(for: error) == .failure && !(error is ExitCode) {
      Console.error("\(Diagnostic(.internalFault, "\(error)"))")
      exitProcess(.internalFault)
    } catch {
      Quamba.exit(withError: error)
    }
  }
}
