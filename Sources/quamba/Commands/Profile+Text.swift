import CompilerDriver
import Evaluation
import PlanRuntime

extension Profile {
  /// The figures for people.
  var text: String {
    phases.map { $0.text(threads: threads, instructionSet) }.joined(separator: "\n\n")
  }
}

extension ProfilePhase {
  fileprivate func text(threads: Int, _ instructionSet: String) -> String {
    func fixed(_ value: Double, _ digits: Int = 1) -> String { FixedPoint.text(value, digits: digits) }
    let title =
      "\(name): \(tokens) tokens in \(fixed(plainSeconds * 1e3)) ms, \(fixed(seconds * 1e3)) ms step by step; "
      + "\(instructionSet), \(threads) \(threads == 1 ? "thread" : "threads")"
    let machine =
      "limits: reads \(fixed(limits.readBandwidth / 1e9)) GB/s, int8 \(fixed(limits.int8Rate / 1e9)) G/s, "
      + "float32 \(fixed(limits.floatRate / 1e9)) G/s"
    let tables = [("opcode", opcodes), ("step", roles), ("layer", layers)].map { table($0.0, $0.1) }
    return ([title + "\n" + machine] + tables).joined(separator: "\n\n")
  }

  private func table(_ title: String, _ entries: [ProfileEntry]) -> String {
    var table = TextTable([
      title, "calls", "ms", "% of time", "MB", "M int8", "M float32", "of read", "of int8", "of float32",
    ])
    let total = max(seconds, .leastNonzeroMagnitude)
    for entry in entries {
      let cost = entry.cost
      let share = cost.seconds / total
      table.append(
        [entry.name, "\(cost.calls)"]
          + [
            (cost.seconds * 1e3, 2), (share * 100, 1), (cost.bytes / 1e6, 1), (cost.int8Products / 1e6, 0),
            (cost.floatOperations / 1e6, 0), (cost.readShare(limits), 2), (cost.int8Share(limits), 2),
            (cost.floatShare(limits), 2),
          ].map { FixedPoint.text($0.0, digits: $0.1) })
    }
    return table.text
  }
}
