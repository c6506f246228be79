public import ArgumentParser
public import CompilerDriver

/// The command `quamba verify`.
struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Checks a plan file.",
    discussion: """
      The structure is always checked, as it is whenever a plan is loaded. Level 'content' also compares the digest of \
      every section and computes the corrections of int8 weights again; level 'run' also computes the golden logits that the plan holds, which must agree bit for bit.
      """)

  @Argument(help: "A plan file.")
  var plan: String

  @Option(
    help: "How much is checked: \(PlanVerification.Level.allCases.map(\.rawValue).joined(separator: ", ")).")
  var level = PlanVerification.Level.structure

  @OptionGroup var threads: ThreadOptions

  func run() throws {
    Console.print(try PlanVerification.verify(plan, level: level, threads: threads.threads))
  }
}

extension PlanVerification.Level: ExpressibleByArgument {}
