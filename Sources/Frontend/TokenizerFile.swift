public import JSONText
public import Tokenization

/// A `tokenizer.json`, read as the BPE tokenizer that it describes, or refused by name.
public struct TokenizerFile: Sendable {
  /// The longest file that is read, in bytes.
  public static let maximumLength = 512 << 20

  /// What the file says, together with the BOS and EOS ids of the files beside it.
  public let tables: TokenizerTables
  /// The largest id that has a token.
  public let maximumID: UInt32
  /// What the file asks for and a plan does not do, such as truncation.
  public let notes: [TokenizerProblem]

  /// Reads a `tokenizer.json`.
  ///
  /// - Parameters:
  ///   - bytes: the file.
  ///   - tokenizerConfig: `tokenizer_config.json`, for `add_bos_token`, `add_eos_token` and the names of
  ///     EOS and BOS, which come last.
  ///   - generationConfig: `generation_config.json`, whose EOS and BOS ids come first.
  ///   - modelConfig: `config.json`, whose EOS and BOS ids come second.
  /// - Throws: every problem found.
  public static func read(
    _ bytes: [UInt8], tokenizerConfig: JSONValue? = nil, generationConfig: JSONValue? = nil,
    modelConfig: JSONValue? = nil
  ) throws(TokenizerFileError) -> TokenizerFile {
    // Each of up to 4 Mi tokens is a member, and its merge three elements.
    let limits = JSONLimits(maxMembers: 16 << 20, maxObjects: 1 << 20, maxBytes: maximumLength)
    let json: JSONValue
    do {
      json = try JSONText.parse(bytes, limits: limits)
    } catch {
      throw TokenizerFileError([TokenizerProblem(error, hint: "tokenizer.json must be valid JSON")])
    }
    return try read(
      json: json, tokenizerConfig: tokenizerConfig, generationConfig: generationConfig,
      modelConfig: modelConfig)
  }

  /// Reads a `tokenizer.json` that was parsed before.
  ///
  /// - Throws: every problem found.
  public static func read(
    json: JSONValue, tokenizerConfig: JSONValue? = nil, generationConfig: JSONValue? = nil,
    modelConfig: JSONValue? = nil
  ) throws(TokenizerFileError) -> TokenizerFile {
    var reader = TokenizerReader()
    let file = JSONCursor(json)
    reader.checkTopLevel(file)
    let rules = reader.readRules(file)
    reader.readModel(file)
    reader.readAddedTokens(file)
    let template = reader.readPostProcessor(file)
    let policy = reader.readPolicy(
      template: template, tokenizerConfig: tokenizerConfig, generationConfig: generationConfig,
      modelConfig: modelConfig)
    guard reader.problems.isEmpty, let rules else { throw TokenizerFileError(reader.problems) }
    do {
      return TokenizerFile(
        tables: try reader.makeTables(rules: rules, policy: policy), maximumID: reader.maximumID,
        notes: reader.notes)
    } catch {
      throw TokenizerFileError([
        TokenizerProblem(path: "$", message: "inconsistent tables: \(error)", hint: "the file is damaged")
      ])
    }
  }
}
