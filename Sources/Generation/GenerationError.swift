public import PlanRuntime
public import Tokenization

/// Why text could not be generated.
public enum GenerationError: Error, CustomStringConvertible, Sendable {
  /// The context could not be made.
  case context(ContextError)
  /// A call was refused.
  case call(CallError)
  /// The prompt and what is to be generated are more tokens than the context has room for.
  case length(needed: Int, capacity: Int)
  /// The plan's tokenizer section is wrong.
  case tokenizer(TokenizerSectionError)
  /// The tokenizer has ids that the model does not.
  case vocabulary(tokenizer: Int, model: Int)
  /// The plan has no tokenizer: give and take token ids.
  case noTokenizer
  /// The prompt has no tokens.
  case emptyPrompt

  /// What is wrong, as one sentence.
  public var description: String {
    switch self {
    case .context(let error): error.description
    case .call(let error): error.description
    case .length(let needed, let capacity):
      "the prompt and what is to be generated take \(needed) tokens of context, there is room for \(capacity)"
    case .tokenizer(let error): "the plan's tokenizer is wrong: \(error)"
    case .vocabulary(let tokenizer, let model): "the tokenizer has \(tokenizer) ids, the model only \(model)"
    case .noTokenizer: "the plan has no tokenizer; give token ids instead of text"
    case .emptyPrompt: "the prompt has no tokens"
    }
  }
}

extension GenerationError {
  /// The exit code of a command that ends with this error, as in `sysexits.h`.
  public var exitCode: Int32 {
    switch self {
    case .context(let error): error.exitCode
    case .noTokenizer: 66
    case .length: 64
    case .call, .emptyPrompt, .tokenizer, .vocabulary: 65
    }
  }
}
