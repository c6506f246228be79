public import PlanRuntime

/// Why a calibration gave no statistics.
public enum CalibrationError: Error, CustomStringConvertible, Sendable {
  /// No passages were given.
  case noPassages
  /// A passage without tokens.
  case emptyPassage(index: Int)
  /// A passage longer than the bindings say.
  case longPassage(index: Int, length: Int, limit: Int)
  /// A passage of a number that the whole calibration does not have.
  case foreignPassage(index: Int, count: Int)
  /// Two passages of the same number.
  case doubledPassage(index: Int)
  /// Taps that no instruction of the plan writes in the type that is observed.
  case unknownTaps([String])
  /// Two tensors of one name with different widths.
  case widths(tap: String, Int, Int)
  /// A tensor held a NaN or an infinity.
  case notFinite(tap: String, passage: Int)
  /// The plan cannot be run here.
  case plan(ContextError)
  /// The plan refused a passage.
  case call(passage: Int, CallError)
  /// The caller asked to stop after so many passages.
  case stopped(done: Int)

  /// What is wrong, as one sentence.
  public var description: String {
    switch self {
    case .noPassages: "there are no passages to calibrate with"
    case .emptyPassage(let index): "passage \(index) has no tokens"
    case .longPassage(let index, let length, let limit):
      "passage \(index) has \(length) tokens, the limit is \(limit)"
    case .foreignPassage(let index, let count): "passage \(index) is none of the \(count) of the calibration"
    case .doubledPassage(let index): "passage \(index) is given twice"
    case .unknownTaps(let names): "the plan computes no tensor named \(names.joined(separator: ", "))"
    case .widths(let tap, let first, let second):
      "two tensors named \(tap) have widths \(first) and \(second)"
    case .notFinite(let tap, let passage): "\(tap) holds a NaN or an infinity in passage \(passage)"
    case .plan(let error): error.description
    case .call(let passage, let error): "passage \(passage): \(error)"
    case .stopped(let done): "stopped after \(done) passages"
    }
  }
}
