import ArgumentParser
import CompilerDriver
import Evaluation
import JSONText
import PlanRuntime

/// The command `quamba bench`.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures how fast a plan runs, as shares of what the machine can do at the same time.",
    discussion: """
      The machine's limits (read bandwidth, multiply-accumulates of int8 and float32 from registers) are measured \
      before and after everything that is timed, with the same threads; they take 1 GiB of memory. Figures are medians \
      over the repetitions. With --limits the limits alone are measured, and no plan is needed.
      """)

  @Argument(help: "A plan file.")
  var plan: String?

  @Option(name: .short, help: "Tokens of the prompt.")
  var p = 512

  @Option(name: .short, help: "Decode steps.")
  var n = 128

  @Option(name: .short, help: "Sequences that are decoded together.")
  var b = NumberList([1, 8, 32])

  @Option(
    name: .short, help: "Numbers of threads; the physical cores that this process may use unless given.")
  var t: NumberList?

  @Option(name: .short, help: "Repetitions.")
  var r = 5

  @Flag(help: "Print the machine's limits alone.")
  var limits = false

  @Flag(help: "Print JSON.")
  var json = false

  @Flag(help: "Print comma-separated values.")
  var csv = false

  @OptionGroup var capacity: ContextCapacityOptions
  @OptionGroup var progress: ProgressOptions

  func validate() throws {
    guard (plan == nil) == limits else { throw ValidationError("give a plan, or --limits") }
    guard !(json && csv), !(limits && csv) else {
      throw ValidationError("--csv goes with neither --json nor --limits")
    }
    let ranges = [("-p", p, 1 << 20), ("-n", n, 1 << 20), ("-r", r, 1000)]
    for (name, value, most) in ranges where !(1...most).contains(value) {
      throw ValidationError("\(name) is \(value); it must be from 1 to \(most)")
    }
  }

  private var settings: BenchSettings {
    BenchSettings(
      prompt: p, steps: n, batches: b.numbers, threads: t?.numbers ?? [ContextOptions.usualThreads],
      repetitions: r, contextCapacity: capacity.context)
  }

  func run() throws {
    do {
      guard let plan else { return try printLimits() }
      _ = try PlanFile.load(plan)  // refuses a file that is no plan, in words for people
      let reporter = ProgressReporter(progress.progress, task: "bench")
      let report = try Bench.run(path: plan, settings: settings, progress: reporter.show)
      if json {
        Console.print(report.json)
      } else {
        Console.print(csv ? report.csv : report.text(of: plan))
      }
    } catch let error as ContextError {
      throw error.failure
    }
  }

  private func printLimits() throws {
    var table = TextTable(LimitsSpread.titles)
    var values: [JSONValue] = []
    for threads in settings.threads {
      let (instructionSet, limits) = try Bench.limits(threads: threads, settings: settings)
      table.append(limits.row(threads: threads, instructionSet))
      values.append(
        .object([
          ("threads", .integer(Int64(threads))), ("instruction_set", .string(instructionSet)),
          ("limits", limits.json),
        ]))
    }
    if json {
      Console.print(.object([("repetitions", .integer(Int64(r))), ("runs", .array(values))]))
    } else {
      Console.print(table.text)
    }
  }
}
