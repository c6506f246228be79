extension ContextOptions {
  /// One thread for each physical core that the process may use by its affinity mask and its control groups.
  public static var usualThreads: Int { PhysicalCores.count }

  /// Tokens of one sequence at most, unless something else is asked for.
  public static let usualContextCapacity = 4096
  /// The most tokens of one sequence that can be asked for.
  public static let largestContextCapacity = 1 << 24
}

/// How much a context can hold, and what it runs on.
public struct ContextOptions: Sendable {
  /// Rows (tokens) of one call at most.
  public var rowCapacity: Int
  /// Rows of logits at once at most.
  public var logitRowCapacity: Int
  /// Sequences whose states are kept.
  public var stateSlots: Int
  /// Tokens of one sequence at most, where the plan has attention; memory is taken as sequences grow.
  public var contextCapacity: Int
  /// Threads, the caller's among them; nil for one on each physical core that the process may use.
  public var threads: Int?
  /// The kernels; nil for those that `QUAMBA_ISA` names, or else the fastest.
  public var instructionSet: InstructionSet?

  /// Makes options; what is not named is as in most uses.
  public init(
    rowCapacity: Int = 512, logitRowCapacity: Int = 16, stateSlots: Int = 1,
    contextCapacity: Int = usualContextCapacity, threads: Int? = nil, instructionSet: InstructionSet? = nil
  ) {
    self.contextCapacity = contextCapacity
    self.rowCapacity = rowCapacity
    self.logitRowCapacity = logitRowCapacity
    self.stateSlots = stateSlots
    self.threads = threads
    self.instructionSet = instructionSet
  }

  /// Refuses numbers with which sizes could not be counted.
  func check() throws(ContextError) {
    try Self.check("rowCapacity", rowCapacity, 1...(1 << 20))
    try Self.check("logitRowCapacity", logitRowCapacity, 1...(1 << 20))
    try Self.check("stateSlots", stateSlots, 1...(1 << 20))
    try Self.check("contextCapacity", contextCapacity, 1...Self.largestContextCapacity)
    if let threads { try Self.check("threads", threads, 1...1024) }
  }

  /// Refuses a number outside of its range.
  static func check(_ name: String, _ found: Int, _ allowed: ClosedRange<Int>) throws(ContextError) {
    guard allowed.contains(found) else { throw .option(name: name, found: found, allowed: allowed) }
  }

  /// The instruction set that is named here, or by `QUAMBA_ISA`, or else the fastest.
  func chosenInstructionSet() throws(ContextError) -> InstructionSet {
    if let instructionSet { return instructionSet }
    return try .fromEnvironment() ?? .best
  }
}

/// Consecutive rows of one call that belong to one sequence.
public struct Segment: Equatable, Sendable {
  /// The sequence's state slot.
  public var slot: Int
  /// How many rows.
  public var count: Int

  /// Makes a segment of `count` rows.
  public init(slot: Int, count: Int) {
    self.slot = slot
    self.count = count
  }
}
