internal import PlanRuntime

/// How the next token is chosen from logits.
public struct SamplingOptions: Equatable, Sendable {
  /// Divides the logits; 0 takes the most likely token always.
  public var temperature: Double
  /// Only so many of the most likely tokens are drawn from; nil for all.
  public var topK: Int?
  /// Only the most likely tokens that together reach this probability are drawn from; nil for all.
  public var topP: Double?
  /// Where the random numbers begin.
  public var seed: UInt64

  /// Makes options; what is not named takes the most likely token always.
  public init(temperature: Double = 0, topK: Int? = nil, topP: Double? = nil, seed: UInt64 = 0) {
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    self.seed = seed
  }

  /// Whether every number is in its range.
  public var isValid: Bool {
    temperature >= 0 && temperature.isFinite && topK ?? 1 > 0 && topP ?? 1 > 0 && topP ?? 1 <= 1
  }
}

/// Chooses tokens; equal options and logits give equal tokens on every machine.
public struct Sampler {
  private struct Candidate {
    let token: UInt32
    let weight: Double
  }

  private let options: SamplingOptions
  private var random: RandomSource
  private var candidates: [Candidate] = []

  /// Makes a sampler at the beginning of its random numbers.
  public init(_ options: SamplingOptions) {
    self.options = options
    random = RandomSource(seed: options.seed)
  }

  /// The next token for logits `[vocabulary]`, not empty; ties go to the lowest index.
  public mutating func next(_ logits: UnsafeBufferPointer<Float>) -> UInt32 {
    let best = Self.mostLikely(logits)
    guard options.temperature > 0 else { return best }
    collect(logits, best: Double(logits[Int(best)]))
    if options.topK != nil || options.topP != nil {
      candidates.sort { $0.weight == $1.weight ? $0.token < $1.token : $0.weight > $1.weight }
    }
    if let topK = options.topK { candidates.removeLast(max(0, candidates.count - topK)) }
    if let topP = options.topP { candidates.removeLast(candidates.count - nucleus(topP)) }
    return draw() ?? best
  }

  /// The index of the largest value, the lowest of several.
  static func mostLikely(_ logits: UnsafeBufferPointer<Float>) -> UInt32 {
    var best = 0
    for index in logits.indices where logits[index] > logits[best] { best = index }
    return UInt32(best)
  }

  /// Tokens with their probability relative to the best one's; below 2^-32 of it they are never drawn.
  private mutating func collect(_ logits: UnsafeBufferPointer<Float>, best: Double) {
    candidates.removeAll(keepingCapacity: true)
    for index in logits.indices {
      let weight = Elementary.exp(max(-1000, (Double(logits[index]) - best) / options.temperature))
      if weight >= 0x1p-32 { candidates.append(Candidate(token: UInt32(index), weight: weight)) }
    }
  }

  /// How many of the candidates, most likely first, reach the probability together; at least one.
  private func nucleus(_ probability: Double) -> Int {
    let target = probability * candidates.reduce(0) { $0 + $1.weight }
    var sum = 0.0
    for (index, candidate) in candidates.enumerated() {
      sum += candidate.weight
      if sum >= target { return index + 1 }
    }
    return candidates.count
  }

  private mutating func draw() -> UInt32? {
    var left = random.nextUnit() * candidates.reduce(0) { $0 + $1.weight }
    for candidate in candidates {
      left -= candidate.weight
      if left < 0 { return candidate.token }
    }
    return candidates.last?.token
  }
}
