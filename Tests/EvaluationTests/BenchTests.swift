import Evaluation
import JSONText
import PlanRuntime
import Testing

/// Nothing here depends on how fast the machine is.
@Suite("Shape of a benchmark's results", .serialized)
struct BenchTests {
  private static let settings = BenchSettings(
    prompt: 5, steps: 2, batches: [1, 3], threads: [1, 2], repetitions: 2, limitSeconds: 0,
    limitBytes: 1 << 16)

  private static func report(_ progress: @escaping (Int, Int) -> Void = { _, _ in }) throws -> BenchReport {
    try CountedPlan.withFile { try Bench.run(path: $0, settings: settings, progress: progress) }
  }

  @Test("There is a run for each number of threads, with a result for each batch")
  func shape() throws {
    let report = try Self.report()
    #expect(report.weightBytes == 2048)
    #expect(report.isInt8)
    #expect(report.runs.map(\.threads) == [1, 2])
    for run in report.runs {
      #expect(run.instructionSet == InstructionSet.best.rawValue)
      #expect(run.decode.map(\.batch) == [1, 3])
      #expect(run.decode[0].multiple == Spread([1, 1]))
      #expect(run.decode.allSatisfy { $0.throughput.tokensPerSecond.minimum > 0 })
      #expect(run.firstTokenSeconds.median >= run.loadSeconds.median)
    }
  }

  @Test("Progress counts loading, prompt and batches of every repetition")
  func progress() throws {
    var seen: [[Int]] = []
    _ = try Self.report { seen.append([$0, $1]) }
    #expect(seen == (1...16).map { [$0, 16] })
  }

  @Test("JSON has every figure under its name")
  func json() throws {
    guard case .object(let report) = try Self.report().json, case .array(let runs)? = report["runs"],
      case .object(let run)? = runs.first, case .array(let decode)? = run["decode"],
      case .object(let result)? = decode.last
    else {
      Issue.record("the report is not nested as it should be")
      return
    }
    #expect(
      report.names == [
        "prompt", "steps", "repetitions", "weight_bytes", "body_products", "head_products", "product_limit",
        "runs",
      ])
    #expect(
      run.names == [
        "threads", "instruction_set", "limits", "load_seconds", "first_token_seconds", "prefill", "decode",
      ])
    #expect(
      result.names == [
        "batch", "tokens_per_second", "product_share", "step_seconds", "read_share", "multiple_of_batch_1",
        "resident_bytes",
      ])
    #expect(report["product_limit"] == "int8")
  }

  @Test("Every line of CSV has seven columns")
  func csv() throws {
    let lines = try Self.report().csv.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false)
    }
    #expect(lines.first == ["threads", "phase", "batch", "figure", "median", "minimum", "maximum"])
    #expect(lines.allSatisfy { $0.count == 7 })
    // Seven figures of a run, and six of each of its two batches.
    #expect(lines.count == 1 + 2 * (7 + 2 * 6))
    #expect(lines.dropFirst().allSatisfy { $0[4...].allSatisfy { Double($0) != nil } })
  }

  @Test("A file that is missing is an error")
  func missing() {
    #expect(throws: PlanLoadError.self) { try Bench.run(path: "no such file", settings: Self.settings) }
  }
}
