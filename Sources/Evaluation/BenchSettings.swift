/// What a benchmark measures.
public struct BenchSettings: Equatable, Sendable {
  /// Tokens of the prompt, at least 1.
  public var prompt: Int
  /// Decode steps, at least 1.
  public var steps: Int
  /// Sequences that are decoded together, each at least 1.
  public var batches: [Int]
  /// Threads, each at least 1.
  public var threads: [Int]
  /// How often everything is measured, at least once.
  public var repetitions: Int
  /// Tokens of a sequence that there is room for; nil for as many as prompt or steps need.
  public var contextCapacity: Int?
  /// Seconds that one measurement of the machine's limits takes.
  public var limitSeconds: Double
  /// Bytes that a measurement of the read bandwidth reads.
  public var limitBytes: Int

  /// Makes settings; what is not named is as usual.
  public init(
    prompt: Int = 512, steps: Int = 128, batches: [Int] = [1, 8, 32], threads: [Int], repetitions: Int = 5,
    contextCapacity: Int? = nil,
    limitSeconds: Double = 0.5, limitBytes: Int = 1 << 30
  ) {
    self.prompt = prompt
    self.steps = steps
    self.batches = batches
    self.threads = threads
    self.repetitions = repetitions
    self.contextCapacity = contextCapacity
    self.limitSeconds = limitSeconds
    self.limitBytes = limitBytes
  }

  /// How many measurements the whole takes: loading, the prompt and every batch, in each repetition.
  var measurements: Int { threads.count * repetitions * (2 + batches.count) }
}
