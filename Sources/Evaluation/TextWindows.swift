/// A text as windows that do not overlap; what does not fill a window at the end is dropped.
///
/// Window w has the inputs `tokens[w·T ..< w·T + T]` and the targets one token later.
public struct TextWindows: Sendable {
  /// Inputs, and targets, of a window: T.
  public let length: Int
  /// Only targets from this position of each window on are scored.
  public let scoreFrom: Int
  /// How many windows there are.
  public let count: Int
  /// Token ids of all windows and of the last target, `[count * length + 1]`.
  public let tokens: ArraySlice<UInt32>

  /// Cuts a text into windows.
  ///
  /// - Parameters:
  ///   - tokens: token ids of the whole text, encoded once.
  ///   - length: inputs of a window, at least 1.
  ///   - scoreFrom: the first position of a window that is scored, below `length`.
  ///   - limit: how many windows to take at most, from the first on, at least 1; nil for all.
  /// - Throws: `EvaluationError` when there is no whole window, or a number is out of its range.
  public init(
    tokens: [UInt32], length: Int, scoreFrom: Int = 0, limit: Int? = nil
  ) throws(EvaluationError) {
    guard length > 0 else { throw .windowLength(length) }
    guard scoreFrom >= 0, scoreFrom < length else { throw .scoreFrom(found: scoreFrom, length: length) }
    let count = min(max(tokens.count - 1, 0) / length, limit ?? .max)
    guard count > 0 else { throw .noWholeWindow(tokens: tokens.count, length: length) }
    self.length = length
    self.scoreFrom = scoreFrom
    self.count = count
    self.tokens = tokens[...(count * length)]
  }

  /// How many targets are scored in all.
  public var tokensScored: Int { count * (length - scoreFrom) }

  /// The inputs of a window, `[length]`.
  public func inputs(of window: Int) -> ArraySlice<UInt32> {
    tokens[window * length..<(window + 1) * length]
  }

  /// The targets of a window, `[length]`.
  public func targets(of window: Int) -> ArraySlice<UInt32> {
    tokens[window * length + 1...(window + 1) * length]
  }
}
