public import PlanRuntime

/// Why a text could not be scored.
public enum EvaluationError: Error, CustomStringConvertible, Sendable {
  /// A window of no tokens.
  case windowLength(Int)
  /// A first position to score that is not in a window.
  case scoreFrom(found: Int, length: Int)
  /// A text, or a limit, too short for one window, which takes one token more than its length.
  case noWholeWindow(tokens: Int, length: Int)
  /// Plans of different vocabularies.
  case vocabularies(plan: Int, baseline: Int)
  /// A token of the text that the plan does not know.
  case token(position: Int, id: UInt32, vocabulary: Int)
  /// Logits from which no likelihood follows: a NaN or an infinity is among them.
  case notFinite(window: Int, position: Int)
  /// A tensor of the float model that holds a NaN or an infinity.
  case notFiniteTensor(String, window: Int)
  /// A stored baseline whose rows are not those of the windows.
  case storedRows(found: Int, expected: Int)
  /// A question for which the plan computes a NaN or an infinity, or one without a token before the first choice.
  case item(index: Int, String)
  /// What was to take the baseline's rows failed.
  case recording(any Error)
  /// A plan cannot be run here.
  case plan(ContextError)
  /// A plan refused a window.
  case call(window: Int, CallError)
  /// The caller asked to stop after so many windows.
  case stopped(done: Int)

  /// What is wrong, as one sentence.
  public var description: String {
    switch self {
    case .windowLength(let length): "a window has \(length) tokens, it must have 1 at least"
    case .scoreFrom(let found, let length):
      "scoring starts at position \(found) of windows of \(length) tokens"
    case .noWholeWindow(let tokens, let length):
      "the text has \(tokens) tokens, one window of \(length) takes \(length) and the token after them"
    case .vocabularies(let plan, let baseline):
      "the plan's vocabulary has \(plan) tokens, the baseline's \(baseline)"
    case .token(let position, let id, let vocabulary):
      "token \(position) of the text is \(id), not below the vocabulary (\(vocabulary))"
    case .notFinite(let window, let position): "window \(window), position \(position): logits are not finite"
    case .notFiniteTensor(let name, let window):
      "window \(window): \(name) holds a NaN or an infinity in the float model"
    case .storedRows(let found, let expected):
      "the stored baseline has \(found) rows, the text has \(expected) targets"
    case .item(let index, let problem): "question \(index + 1): \(problem)"
    case .recording(let error): "\(error)"
    case .plan(let error): error.description
    case .call(let window, let error): "window \(window): \(error)"
    case .stopped(let done): "stopped after \(done) windows"
    }
  }
}
