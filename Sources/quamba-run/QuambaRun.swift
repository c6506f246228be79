import Generation
import Glibc
import PlanRuntime

@main
struct QuambaRun {
  static func main() {
    signal(SIGPIPE, SIG_IGN)
    let words = Array(CommandLine.arguments.dropFirst())
    var output = Output()
    if words.contains("--help") {
      exit(output.write(Arguments.help + "\n") ? 0 : 74)
    }
    do throws(Failure) {
      try run(Arguments(words), &output)
    } catch {
      Output.report("quamba-run: \(error.message)")
      exit(error.code)
    }
  }

  private static func run(_ arguments: Arguments, _ output: inout Output) throws(Failure) {
    let plan = try load(arguments)
    do throws(GenerationError) {
      let (prompt, printsIDs) = try tokens(arguments.prompt, plan)
      let request = GenerationRequest(
        prompt: prompt, tokenLimit: arguments.tokenLimit, ignoresEnd: arguments.ignoresEnd,
        sampling: arguments.sampling)
      let generator = try TextGenerator(
        plan: plan,
        options: ContextOptions(
          contextCapacity: arguments.context ?? request.longestSequence, threads: arguments.threads))
      var separator = ""
      let statistics = try generator.generate(request) { token, text in
        guard printsIDs else { return output.write(text) }
        guard let token else { return true }
        defer { separator = "," }
        return output.write("\(separator)\(token)")
      }
      _ = output.write("\n")
      if arguments.printsDigest { _ = output.write("logits-digest: \(statistics.logitsDigest.text)\n") }
      Output.report(account(of: statistics))
    } catch {
      throw Failure.generation(error)
    }
    guard !output.hasFailed else { throw Failure(message: "cannot write to standard output", code: 74) }
  }

  private static func load(_ arguments: Arguments) throws(Failure) -> Plan {
    do throws(PlanLoadError) {
      return try Plan(path: arguments.plan)
    } catch {
      throw Failure.load(error, path: arguments.plan)
    }
  }

  /// The prompt's token ids, and whether the answer is printed as ids too.
  private static func tokens(
    _ prompt: Arguments.Prompt, _ plan: Plan
  ) throws(GenerationError) -> (ids: [UInt32], printsIDs: Bool) {
    switch prompt {
    case .text(let text): (try TextGenerator.encode(text, for: plan), false)
    case .tokens(let ids): (ids, true)
    }
  }

  private static func account(of statistics: GenerationStatistics) -> String {
    let prompt = "\(statistics.promptTokens) prompt tokens in \(milliseconds(statistics.promptSeconds)) ms"
    let rate = Double(statistics.generatedTokens) / max(statistics.generationSeconds, 1e-9)
    return "\(prompt), \(statistics.generatedTokens) tokens generated in "
      + "\(milliseconds(statistics.generationSeconds)) ms (\(Int(rate.rounded())) a second)"
  }

  private static func milliseconds(_ seconds: Double) -> Int { Int((seconds * 1000).rounded()) }
}
