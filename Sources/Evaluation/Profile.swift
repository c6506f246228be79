public import PlanRuntime

/// Where the time of a plan goes, step by step.
public struct Profile: Equatable, Sendable {
  /// How many threads.
  public let threads: Int
  /// The instruction set of the kernels.
  public let instructionSet: String
  /// The prompt, then decoding.
  public let phases: [ProfilePhase]
}

/// One way of running a plan.
public struct ProfilePhase: Equatable, Sendable {
  /// `prefill` or `decode`.
  public let name: String
  /// Tokens that went through.
  public let tokens: Int
  /// Mean of the machine's limits before and after.
  public let limits: MachineLimits
  /// Seconds of the same calls without a clock between the steps.
  public let plainSeconds: Double
  /// Every step of every call, in order.
  public let events: [ProfileEvent]

  /// Seconds that all steps took.
  public var seconds: Double { events.reduce(0) { $0 + $1.cost.seconds } }

  /// The costs by opcode, the longest first.
  public var opcodes: [ProfileEntry] { entries(\.opcode) }

  /// The costs by what a step is in its layer, the longest first.
  public var roles: [ProfileEntry] { entries(\.role) }

  /// The costs by layer, the longest first; what belongs to none counts as `embedding` or `head`.
  public var layers: [ProfileEntry] { entries(\.layer) }

  private func entries(_ key: KeyPath<ProfileEvent, String>) -> [ProfileEntry] {
    var costs: [String: ProfileCost] = [:]
    for event in events { costs[event[keyPath: key], default: ProfileCost()] += event.cost }
    return costs.map { ProfileEntry(name: $0.key, cost: $0.value) }
      .sorted { ($1.cost.nanoseconds, $0.name) < ($0.cost.nanoseconds, $1.name) }
  }
}

/// One step of one call.
public struct ProfileEvent: Equatable, Sendable {
  /// The opcode's name.
  public let opcode: String
  /// Names of the step's instructions without their layer, joined by `+`.
  public let role: String
  /// The layer's number, `embedding` or `head`.
  public let layer: String
  /// When the step began, in nanoseconds since some fixed moment.
  public let start: Int
  /// What it took.
  public let cost: ProfileCost
}

/// A part of a profile under one name.
public struct ProfileEntry: Equatable, Sendable {
  /// The name.
  public let name: String
  /// What it took in all.
  public let cost: ProfileCost
}

/// Time and work of steps.
public struct ProfileCost: Equatable, Sendable {
  /// How often.
  public var calls: Int
  /// Time until every thread was done.
  public var nanoseconds: Int
  /// Bytes read and written, each once a call: constants, states, activations.
  public var bytes: Double
  /// Multiply-accumulates of int8.
  public var int8Products: Double
  /// Operations on float32, as `InstructionWork` counts them.
  public var floatOperations: Double

  /// Makes a cost; what is not named is zero.
  public init(
    calls: Int = 0, nanoseconds: Int = 0, bytes: Double = 0, int8Products: Double = 0,
    floatOperations: Double = 0
  ) {
    self.calls = calls
    self.nanoseconds = nanoseconds
    self.bytes = bytes
    self.int8Products = int8Products
    self.floatOperations = floatOperations
  }

  /// Time in seconds.
  public var seconds: Double { Double(nanoseconds) * 1e-9 }

  /// The share of the read bandwidth; above 1 where caches serve.
  public func readShare(_ limits: MachineLimits) -> Double { share(bytes, limits.readBandwidth) }

  /// The share of the int8 rate.
  public func int8Share(_ limits: MachineLimits) -> Double { share(int8Products, limits.int8Rate) }

  /// The share of the float32 rate.
  public func floatShare(_ limits: MachineLimits) -> Double { share(floatOperations, limits.floatRate) }

  private func share(_ work: Double, _ rate: Double) -> Double {
    nanoseconds > 0 ? work / seconds / rate : 0
  }

  static func += (left: inout ProfileCost, right: ProfileCost) {
    left.calls += right.calls
    left.nanoseconds += right.nanoseconds
    left.bytes += right.bytes
    left.int8Products += right.int8Products
    left.floatOperations += right.floatOperations
  }
}
