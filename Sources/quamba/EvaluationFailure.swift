import CompilerDriver
import Diagnostics
import Evaluation

/// Errors of evaluations as findings.
enum EvaluationFailure {
  /// Turns errors into findings about a file.
  static func naming<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch EvaluationError.stopped(let done) {
      throw DiagnosticFailure(.interrupted, "the evaluation was stopped after \(done) windows or questions")
    } catch EvaluationError.plan(let error) {
      throw error.failure
    } catch EvaluationError.recording(let error) {
      throw error
    } catch let error as EvaluationError {
      throw DiagnosticFailure(
        .badText, "\(error)", at: .file(path), hint: hint(error))
    }
  }

  private static func hint(_ error: EvaluationError) -> String? {
    switch error {
    case .noWholeWindow: "give a longer text, or a smaller --window"
    case .vocabularies: "the baseline must have the same tokenizer"
    default: nil
    }
  }
}
