import Generation
import PlanRuntime

/// An end other than success: a sentence and an exit code of `sysexits.h`.
struct Failure: Error {
  let message: String
  let code: Int32

  static func usage(_ message: String) -> Failure {
    Failure(message: "\(message); see quamba-run --help", code: 64)
  }

  static func load(_ error: PlanLoadError, path: String) -> Failure {
    if case .invalid = error { return Failure(message: "\(path): \(error)", code: error.exitCode) }
    return Failure(message: "\(error)", code: error.exitCode)
  }

  static func generation(_ error: GenerationError) -> Failure {
    Failure(message: "\(error)", code: error.exitCode)
  }
}
