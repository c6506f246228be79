import JSONText

/// One thing in a tokenizer's files that is wrong or not supported.
public struct TokenizerProblem: Equatable, Sendable {
  /// The file in the model directory.
  public let file: String
  /// The place in the JSON text, such as `$.pre_tokenizer.type`.
  public let path: String
  /// What is there.
  public let message: String
  /// What would be accepted, or what to do.
  public let hint: String
  /// Whether the file may well be right, but asks for what cannot be done exactly.
  public let isUnsupported: Bool

  /// A problem at a place in a file.
  public init(
    path: String, message: String, hint: String, isUnsupported: Bool = false, file: String = "tokenizer.json"
  ) {
    self.file = file
    self.path = path
    self.message = message
    self.hint = hint
    self.isUnsupported = isUnsupported
  }

  init(_ error: JSONError, hint: String, file: String = "tokenizer.json") {
    var place = ""
    if let position = error.position { place = " (line \(position.line), column \(position.column))" }
    self.init(path: error.path, message: error.message + place, hint: hint, file: file)
  }
}

/// Every problem that kept a tokenizer from being read.
public struct TokenizerFileError: Error, Equatable, Sendable {
  /// The problems in the order in which they were found, never empty.
  public let problems: [TokenizerProblem]

  init(_ problems: [TokenizerProblem]) {
    self.problems = problems
  }
}
