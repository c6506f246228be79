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
  public static let badOption = Self("bad-option", .usage)
  public static let gateFailed = Self("gate-failed", .gateFailed)
  public static let cannotWrite = Self("cannot-write", .cannotCreate)
  public static let ioFailed = Self("io-failed", .inputOutput)
  public static let interrupted = Self("interrupted", .interrupted)
  public static let internalFault = Self("internal-fault", .internalFault)

  // Files and their contents.
  public static let missingFile = Self("missing-file", .missingInput)
  public static let badJSON = Self("bad-json", .badData)
  public static let badConfig = Self("bad-config", .badData)
  public static let unsupportedModel = Self("unsupported-model", .unsupported)
  public static let badSafetensors = Self("bad-safetensors", .badData)
  public static let badIndex = Self("bad-index", .badData)
  public static let missingShard = Self("missing-shard", .missingInput)
  public static let missingTensor = Self("missing-tensor", .badData)
  public static let extraTensor = Self("extra-tensor", .badData)
  public static let wrongShape = Self("wrong-shape", .badData)
  public static let wrongType = Self("wrong-type", .badData)
  public static let nonFinite = Self("non-finite", .badData)
  public static let badTokenizer = Self("bad-tokenizer", .badData)
  public static let unsupportedTokenizer = Self("unsupported-tokenizer", .unsupported)
  public static let badText = Self("bad-text", .badData)
  public static let badPlan = Self("bad-plan", .badData)
  public static let planVersion = Self("plan-version", .planVersion)
  public static let unsupportedProcessor = Self("unsupported-processor", .unsupported)

  // Statistics.
  public static let badStatistics = Self("bad-statistics", .badData)
  public static let statisticsMismatch = Self("statistics-mismatch", .badData)
  public static let missingRange = Self("missing-range", .badData)
  public static let zeroRange = Self("zero-range", .badData)

  // The intermediate representation.
  public static let badIRText = Self("bad-ir-text", .badData)
  public static let badIR = Self("bad-ir", .internalFault)
  public static let brokenPromise = Self("broken-promise", .internalFault)
  public static let cannotLower = Self("cannot-lower", .internalFault)
  public static let noHadamard = Self("no-hadamard", .badData)
}
