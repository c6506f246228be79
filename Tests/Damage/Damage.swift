import Glibc

/// Damages files of the smallest model in every way there is, and counts what becomes of them.
///
/// Workers are processes of their own, so that a crash or a hang of one case is counted and the rest goes on.
@main
struct Damage {
  /// Seconds that one case may take.
  static let patience: UInt32 = 60

  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    if arguments.first == "--worker" { return work(arguments.dropFirst().compactMap { Int($0) }) }
    let isShort = arguments.first == "--short"
    let names = arguments.dropFirst(isShort ? 1 : 0)
    guard !names.contains(where: { $0.hasPrefix("-") }) else {
      print("usage: damage [--short] [NAME...]: all damages, or those whose names begin so")
      exit(64)
    }
    exit(Damage(step: isShort ? 97 : 1, names: Array(names)).run() ? 0 : 1)
  }

  /// Of how many cases one is run.
  let step: Int
  /// How the names of the campaigns begin that are run; empty for all.
  let names: [String]

  private func run() -> Bool {
    var total = (rejected: 0, harmless: 0, bad: 0)
    for (number, campaign) in Campaign.all().enumerated()
    where names.isEmpty || names.contains(where: { campaign.name.hasPrefix($0) }) {
      // A prime step, so that bits and words of every place take part; small families run whole.
      let step = campaign.count < 2000 ? 1 : step
      let workers = (0..<2).map { Worker(campaign: number, first: $0 * step, step: 2 * step) }
      for worker in workers { worker.start() }
      for worker in workers { worker.finish(count: campaign.count) }
      let rejected = workers.reduce(0) { $0 + $1.counts[.rejected] }
      let harmless = workers.reduce(0) { $0 + $1.counts[.harmless] }
      let wrong = workers.reduce(0) { $0 + $1.counts[.wrong] }
      let crashes = workers.flatMap(\.crashes)
      print(
        "\(campaign.name): \(rejected) rejected, \(harmless) harmless, \(wrong) wrongly accepted, "
          + "\(crashes.count) crashes\(crashes.isEmpty ? "" : " at \(crashes.prefix(8))")")
      fflush(nil)
      total = (total.rejected + rejected, total.harmless + harmless, total.bad + wrong + crashes.count)
    }
    print(
      "\(total.rejected + total.harmless + total.bad) damages: \(total.rejected) rejected, "
        + "\(total.harmless) harmless, \(total.bad) failed")
    return total.bad == 0 && total.rejected > 0
  }

  /// Runs the cases of a campaign from a first one on, in steps.
  private static func work(_ numbers: [Int]) {
    guard numbers.count == 4, let counts = Progress(path: Worker.path(parent: getppid(), numbers[3])) else {
      exit(64)
    }
    let campaign = Campaign.all()[numbers[0]]
    for index in stride(from: numbers[1], to: campaign.count, by: numbers[2]) {
      counts.index = index
      alarm(patience)
      let verdict = campaign.run(index)
      counts[verdict] += 1
      if verdict == .wrong { print("accepted: \(campaign.name), case \(index)") }
    }
    alarm(0)
  }
}
