import Backend
import Calibration
import Diagnostics
import Files
import IR
import PlanRuntime

/// The second calibration: a recipe's plan with the nearest codes, run over the text of the first.
final class CodeCalibration {
  /// Seconds that its runs took.
  private(set) var seconds = 0.0
  private let plan: Plan
  private let passages: [Passage]
  private let threads: Int
  private let progress: CalibrationRun.Progress
  private let shouldStop: () -> Bool

  /// Writes the plan into a temporary file that goes with this object.
  /// - Throws: `DiagnosticFailure`, or what the tensors throw.
  init(
    _ lowered: LoweredPlan, tensors: some TensorSource, passages: [Passage], threads: Int,
    progress: @escaping CalibrationRun.Progress, shouldStop: @escaping @Sendable () -> Bool
  ) throws {
    let scratch = try WritableFile.scratch("codes")
    try PlanFile.write(lowered, tensors: tensors, into: scratch, threads: threads, shouldStop: shouldStop)
    plan = try PlanFile.load(scratch.temporaryPath)
    self.passages = passages
    self.threads = threads
    self.progress = progress
    self.shouldStop = shouldStop
  }

  /// Runs the plan over all passages.
  /// - Throws: `DiagnosticFailure`.
  func observe(_ request: CodeRefinement.Request) throws -> [String: CodeMoments] {
    var stopwatch = Stopwatch()
    defer { seconds += stopwatch.parts.reduce(0) { $0 + $1.seconds } }
    progress(request.index * passages.count, request.total * passages.count)
    return try stopwatch.time("run") {
      do throws(CalibrationError) {
        return try CodeCalibrator.run(
          plan: plan, passages: passages, tensors: request.tensors, grams: request.grams, threads: threads,
          progress: { [progress] done, total in progress(request.index * total + done, request.total * total)
          },
          shouldStop: shouldStop
        ).mapValues { CodeMoments(count: $0.count, sums: $0.sums, gram: $0.gram) }
      } catch {
        throw error.failure
      }
    }
  }
}

extension CalibrationError {
  /// The error as a finding.
  var failure: DiagnosticFailure {
    switch self {
    case .stopped(let done):
      DiagnosticFailure(.interrupted, "calibration was stopped after \(done) passages")
    case .notFinite(let tap, let passage):
      DiagnosticFailure(
        .nonFinite, "the model computes a NaN or an infinity in passage \(passage)", at: .node(tap),
        hint: "the weights overflow float32; nothing can be calibrated")
    case .plan(let error): error.failure
    default: DiagnosticFailure(.badText, "\(self)")
    }
  }
}
