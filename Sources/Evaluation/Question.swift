/// A question of a task: which of some continuations of a text is likeliest, or what its last word is.
public struct Question: Sendable {
  /// A text and what continues it.
  public struct Continuation: Sendable {
    /// The first tokens, which may be the same memory for all continuations of a question.
    private let shared: ArraySlice<UInt32>
    /// The tokens after them.
    private let rest: [UInt32]
    /// The first token of what continues it, at least 1.
    public let start: Int
    /// Characters (Unicode scalars) of the choice as the task gives it, by which `acc_norm` divides.
    public let length: Int

    /// Token ids of the text and what continues it.
    /// - Complexity: O(n).
    public var tokens: [UInt32] { shared + rest }
    /// How many tokens there are.
    public var count: Int { shared.count + rest.count }

    /// Makes a continuation.
    /// - Parameter context: tokens of the text alone; where `tokens` begin as they do, they are not kept a second time.
    public init(tokens: [UInt32], sharing context: [UInt32] = [], start: Int, length: Int) {
      let common = zip(tokens, context).prefix { $0 == $1 }.count
      shared = context[..<common]
      rest = Array(tokens[common...])
      self.start = start
      self.length = length
    }
  }

  /// What is asked.
  public enum Kind: String, Sendable {
    /// Which continuation is likeliest.
    case multipleChoice = "multiple-choice"
    /// Whether the only continuation is what the plan would write.
    case lastWord = "last-word"
  }

  /// What is asked.
  public let kind: Kind
  /// The continuations: one at least for a choice, exactly one for a last word.
  public let continuations: [Continuation]
  /// The right one.
  public let answer: Int

  /// A multiple-choice question.
  public init(choices: [Continuation], answer: Int) {
    precondition(choices.indices.contains(answer), "the answer is none of the choices")
    (kind, continuations, self.answer) = (.multipleChoice, choices, answer)
  }

  /// A question for the last word of a text.
  public init(lastWord: Continuation) { (kind, continuations, answer) = (.lastWord, [lastWord], 0) }
}
