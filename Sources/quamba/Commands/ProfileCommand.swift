import ArgumentParser
import CompilerDriver
import Diagnostics
import Evaluation
import Files
import JSONText
import PlanRuntime

/// The command `quamba profile`.
struct ProfileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile",
    abstract: "Shows where the time of a plan goes: by opcode, by step, by layer.",
    discussion: """
      Each step is timed until every thread is done. Bytes are constants, states and activations, each once a call; \
      activations that a cache holds can take the share of the read bandwidth above 1.
      """)

  @Argument(help: "A plan file.")
  var plan: String

  @Option(name: .short, help: "Tokens of the prompt.")
  var p = 512

  @Option(name: .short, help: "Decode steps.")
  var n = 32

  @Option(name: .short, help: "Sequences that are decoded together.")
  var b = 1

  @Flag(help: "Print JSON.")
  var json = false

  @Option(help: "Write every step as a Chrome trace (chrome://tracing, Perfetto) into this file.")
  var trace: String?

  @OptionGroup var threads: ThreadOptions

  func validate() throws {
    let ranges = [("-p", p, 1 << 20), ("-n", n, 1 << 20), ("-b", b, 1024)]
    for (name, value, most) in ranges where !(1...most).contains(value) {
      throw ValidationError("\(name) is \(value); it must be from 1 to \(most)")
    }
  }

  func run() throws {
    let file = try trace.map { try OutputFile($0, shouldStop: Interruption.shouldStop) }
    do {
      let profiler = try Profiler(
        try PlanFile.load(plan), batch: b, threads: threads.count, contextCapacity: max(p, n),
        shouldStop: Interruption.shouldStop)
      guard let profile = try profiler.profile(prompt: p, steps: n) else {
        throw DiagnosticFailure(.interrupted, "the profile was stopped")
      }
      if let file {
        try file.write(Array(JSONText.encode(profile.trace).utf8))
        try file.publish()
      }
      if json { Console.print(profile.json) } else { Console.print(profile.text) }
    } catch let error as ContextError {
      throw error.failure
    }
  }
}
