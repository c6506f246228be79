/// What a benchmark found.
public struct BenchReport: Equatable, Sendable {
  /// What was measured.
  public let settings: BenchSettings
  /// Bytes of weights that a decode step reads.
  public let weightBytes: Int
  /// Multiply-accumulates of the body for one row.
  public let bodyProducts: Int
  /// Multiply-accumulates of the head for one row.
  public let headProducts: Int
  /// Whether products are held against the int8 rate, or else the float32 rate.
  public let isInt8: Bool
  /// One for each number of threads.
  public let runs: [BenchRun]
}

/// What a benchmark found with one number of threads.
public struct BenchRun: Equatable, Sendable {
  /// How many threads.
  public let threads: Int
  /// The instruction set of the kernels.
  public let instructionSet: String
  /// The machine's limits meanwhile.
  public let limits: LimitsSpread
  /// Seconds to open, map, verify and bind.
  public let loadSeconds: Spread
  /// Seconds from opening the file to the logits after a prompt of one token.
  public let firstTokenSeconds: Spread
  /// The prompt.
  public let prefill: Throughput
  /// One for each batch.
  public let decode: [DecodeResult]
}

/// How fast tokens went through, and how near to the machine's limits.
public struct Throughput: Equatable, Sendable {
  /// Tokens a second.
  public let tokensPerSecond: Spread
  /// Multiply-accumulates of the linear layers over those that the machine could do meanwhile.
  public let productShare: Spread
}

/// What decoding one batch gave.
public struct DecodeResult: Equatable, Sendable {
  /// Sequences decoded together.
  public let batch: Int
  /// Tokens of all sequences, and their products.
  public let throughput: Throughput
  /// Seconds of one step.
  public let stepSeconds: Spread
  /// Weight bytes over those that the machine could read meanwhile.
  public let readShare: Spread
  /// Tokens a second over those of batch 1; nil where batch 1 was not measured.
  public let multiple: Spread?
  /// Bytes of the process in memory, without what measures the limits; nil where the system does not tell.
  public let residentBytes: Int?
}
