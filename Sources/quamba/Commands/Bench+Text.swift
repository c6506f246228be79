import CompilerDriver
import Evaluation

extension LimitsSpread {
  static let titles = ["threads", "kernels", "read, GB/s", "int8, G/s", "float32, G/s"]

  /// One row under `titles`; rates of multiply-accumulates.
  func row(threads: Int, _ instructionSet: String) -> [String] {
    ["\(threads)", instructionSet]
      + [readBandwidth, int8Rate, floatRate].map { $0.text(divisor: 1e9, digits: 1) }
  }
}

extension Spread {
  /// The median, with the ends in parentheses.
  func text(divisor: Double = 1, digits: Int) -> String {
    let parts = [median, minimum, maximum].map { FixedPoint.text($0 / divisor, digits: digits) }
    return "\(parts[0]) (\(parts[1])–\(parts[2]))"
  }
}

extension BenchReport {
  /// The figures for people.
  func text(of plan: String) -> String {
    let products = FixedPoint.text(Double(bodyProducts + headProducts) / 1e6, digits: 1)
    var limits = TextTable(LimitsSpread.titles)
    for run in runs { limits.append(run.limits.row(threads: run.threads, run.instructionSet)) }
    var load = TextTable(["threads", "load, ms", "first token, ms"])
    for run in runs {
      load.append(
        ["\(run.threads)"]
          + [run.loadSeconds, run.firstTokenSeconds].map { $0.text(divisor: 1e-3, digits: 1) })
    }
    let limit = isInt8 ? "of int8 rate" : "of float32 rate"
    var speed = TextTable([
      "threads", "phase", "tokens/s", limit, "of read bandwidth", "times batch 1", "memory",
    ])
    for run in runs { for row in run.rows(prompt: settings.prompt) { speed.append(row) } }
    return [
      "\(plan): \(ByteCount.text(weightBytes)) of weights a step, \(products) M multiply-accumulates a token; "
        + "median (least–greatest) of \(settings.repetitions)",
      limits.text, load.text, speed.text,
    ].joined(separator: "\n\n")
  }
}

extension BenchRun {
  fileprivate func rows(prompt: Int) -> [[String]] {
    let first = ["\(threads)", "prefill \(prompt)"] + prefill.cells + ["", "", ""]
    return [first]
      + decode.map { result in
        ["\(threads)", "decode \(result.batch)"] + result.throughput.cells + [
          result.readShare.text(digits: 3), result.multiple.map { $0.text(digits: 2) } ?? "",
          result.residentBytes.map { ByteCount.text($0) } ?? "",
        ]
      }
  }
}

extension Throughput {
  fileprivate var cells: [String] { [tokensPerSecond.text(digits: 1), productShare.text(digits: 3)] }
}
