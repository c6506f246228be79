/// Process exit statuses, after sysexits.
public enum ExitStatus: Int32, Sendable {
  case success = 0
  case gateFailed = 1
  case usage = 64
  case badData = 65
  case missingInput = 66
  case unsupported = 69
  case internalFault = 70
  case cannotCreate = 73
  case inputOutput = 74
  case interrupted = 75
  case planVersion = 76
}

/// The stable name of a kind of finding, and the exit status it leads to.
public struct DiagnosticCode: Hashable, Sendable {
  /// Kebab-case name, as printed.
  public let name: String
  /// The status that a process failing with this finding exits with.
  public let exitStatus: ExitStatus

  private init(_ name: String, _ exitStatus: ExitStatus) {
    self.name = name
    self.exitStatus = exitStatus
  }
}

extension DiagnosticCode {
  // Command line.
  /// An option has a value that cannot be used.
  public static let badOption = Self("bad-option", .usage)
  /// A measured value is beyond the limit that the user set.
  public static let gateFailed = Self("gate-failed", .gateFailed)
  /// An output cannot be created.
  public static let cannotWrite = Self("cannot-write", .cannotCreate)
  /// The system failed to read or write.
  public static let ioFailed = Self("io-failed", .inputOutput)
  /// The user stopped the work.
  public static let interrupted = Self("interrupted", .interrupted)
  /// The tool is at fault.
  public static let internalFault = Self("internal-fault", .internalFault)

  // Files and their contents.
  /// A file or directory is missing.
  public static let missingFile = Self("missing-file", .missingInput)
  /// A file is not valid JSON.
  public static let badJSON = Self("bad-json", .badData)
  /// A field of `config.json` is missing or wrong.
  public static let badConfig = Self("bad-config", .badData)
  /// The model is of a kind that is not supported.
  public static let unsupportedModel = Self("unsupported-model", .unsupported)
  /// A safetensors file is malformed.
  public static let badSafetensors = Self("bad-safetensors", .badData)
  /// A file that torch saved is malformed, or holds something else than tensors.
  public static let badTorchFile = Self("bad-torch-file", .badData)
  /// A file that torch saved is of a kind that cannot be read.
  public static let unsupportedTorchFile = Self("unsupported-torch-file", .unsupported)
  /// The index of a sharded model is malformed.
  public static let badIndex = Self("bad-index", .badData)
  /// A shard that the index lists is missing.
  public static let missingShard = Self("missing-shard", .missingInput)
  /// A tensor that the model needs is missing.
  public static let missingTensor = Self("missing-tensor", .badData)
  /// Nothing uses a tensor.
  public static let extraTensor = Self("extra-tensor", .badData)
  /// A tensor has other sizes than the model needs.
  public static let wrongShape = Self("wrong-shape", .badData)
  /// A tensor has an element type that cannot be read.
  public static let wrongType = Self("wrong-type", .badData)
  /// A NaN or an infinity stands where numbers must be finite.
  public static let nonFinite = Self("non-finite", .badData)
  /// A tokenizer is malformed, or does not belong to the model.
  public static let badTokenizer = Self("bad-tokenizer", .badData)
  /// A tokenizer asks for what cannot be done exactly.
  public static let unsupportedTokenizer = Self("unsupported-tokenizer", .unsupported)
  /// A text or its token ids cannot be used.
  public static let badText = Self("bad-text", .badData)
  /// A plan file is damaged.
  public static let badPlan = Self("bad-plan", .badData)
  /// A plan file is of a version that cannot be read.
  public static let planVersion = Self("plan-version", .planVersion)
  /// A plan file needs features that this tool does not have.
  public static let unsupportedPlan = Self("unsupported-plan", .unsupported)
  /// This processor lacks the instructions asked for.
  public static let unsupportedProcessor = Self("unsupported-processor", .unsupported)

  // Baselines.
  /// A stored baseline is damaged, or none.
  public static let badBaseline = Self("bad-baseline", .badData)
  /// A stored baseline belongs to something else.
  public static let baselineMismatch = Self("baseline-mismatch", .badData)
  /// How large an output will be.
  public static let outputSize = Self("output-size", .cannotCreate)

  // Signatures.
  /// A file is no key that can be used.
  public static let badKey = Self("bad-key", .badData)
  /// A signature or a digest does not belong to what it is said to belong to.
  public static let badSignature = Self("bad-signature", .badData)
  /// There is no signature.
  public static let missingSignature = Self("missing-signature", .missingInput)

  // Statistics.
  /// A statistics file is damaged.
  public static let badStatistics = Self("bad-statistics", .badData)
  /// Statistics belong to something else.
  public static let statisticsMismatch = Self("statistics-mismatch", .badData)
  /// Statistics lack passages of their calibration.
  public static let incompleteStatistics = Self("incomplete-statistics", .badData)
  /// Statistics lack a tensor.
  public static let missingRange = Self("missing-range", .badData)
  /// A tensor was zero throughout calibration.
  public static let zeroRange = Self("zero-range", .badData)
  /// An expert that calibration sent no token, or few.
  public static let expertCoverage = Self("expert-coverage", .badData)

  // Recipes.
  /// A recipe is malformed.
  public static let badRecipe = Self("bad-recipe", .badData)
  /// A recipe asks for what cannot be done.
  public static let unsupportedRecipe = Self("unsupported-recipe", .unsupported)

  /// Which weights got how many bits.
  public static let bitBudget = Self("bit-budget", .success)

  // The intermediate representation.
  /// A text is not a module.
  public static let badIRText = Self("bad-ir-text", .badData)
  /// A module is not well formed.
  public static let badIR = Self("bad-ir", .internalFault)
  /// No instruction computes a node.
  public static let cannotLower = Self("cannot-lower", .internalFault)
  /// Something reads or writes the residual stream that a rotation cannot be folded into.
  public static let cannotRotate = Self("cannot-rotate", .unsupported)
  /// No Hadamard matrix of a width is known.
  public static let noHadamard = Self("no-hadamard", .badData)
}
