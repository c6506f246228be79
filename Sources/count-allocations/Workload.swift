import CCountingAllocator
import Generation
import PlanFormat
import PlanRuntime

/// What is run while allocations are counted.
struct Workload {
  /// How often each kind of step runs while it is counted.
  static let steps = 64
  /// Rows of one call at most: the prompt takes several calls, the last of them shorter.
  private static let rowCapacity = 16
  private static let threads = 2

  private let plan: Plan
  private let context: Context
  private let generator: TextGenerator
  private let prompt: [UInt32]
  /// Sequences that decode beside sequences that read their prompts.
  private let mixed = [1, 7, 1, 3].enumerated().map { Segment(slot: $0.offset, count: $0.element) }
  private let lastRows = [0, 7, 8, 11]

  init(_ plan: Plan) throws {
    let options = ContextOptions(
      rowCapacity: Self.rowCapacity, logitRowCapacity: lastRows.count, stateSlots: mixed.count,
      threads: Self.threads)
    self.plan = plan
    context = try Context(plan: plan, options: options)
    generator = try TextGenerator(plan: plan, options: options)
    prompt = (0..<3 * Self.rowCapacity + 5).map { UInt32($0 % plan.vocabulary) }
  }

  /// Allocations of each kind of work, by name; `deliberate` allocates one block a step.
  func counts() throws -> [(name: String, allocations: UInt64)] {
    [
      ("decode", try allocations(of: decode)), ("prefill", try allocations(of: prefill)),
      ("mixed", try allocations(of: runMixed)), ("generation", try generationAllocations()),
      ("verify", try allocations(of: verify)), ("deliberate", try allocations(of: decodeFromArrays)),
    ]
  }

  /// Allocations of work that has run once before.
  private func allocations(of work: () throws -> Void) throws -> UInt64 {
    try work()
    let before = qk_allocation_count()
    try work()
    return qk_allocation_count() - before
  }

  /// Verifies the plan where it is mapped, once.
  private func verify() throws { _ = try PlanView(verifying: plan.view.memory) }

  private func decode() throws {
    var token = prompt[0]
    for _ in 0..<Self.steps {
      try context.run(
        tokens: CollectionOfOne(token).span, segments: CollectionOfOne(Segment(slot: 0, count: 1)).span)
      token = mostLikely(try context.logits(rows: CollectionOfOne(0).span)[0])
    }
  }

  private func prefill() throws {
    for _ in 0..<Self.steps {
      try context.reset(slot: 1)
      let last = try context.prefill(prompt.span, slot: 1)
      _ = try context.logits(rows: CollectionOfOne(last).span)
    }
  }

  private func runMixed() throws {
    for _ in 0..<Self.steps {
      try context.run(tokens: prompt.span.extracting(first: 12), segments: mixed.span)
      _ = try context.logits(rows: lastRows.span)
    }
  }

  /// Decodes with an array made for each step.
  private func decodeFromArrays() throws {
    let segments = [Segment(slot: 0, count: 1)]
    var token = prompt[0]
    for _ in 0..<Self.steps {
      try context.run(tokens: copies(of: token), segments: segments)
      token = mostLikely(try context.logits(rows: CollectionOfOne(0).span)[0])
    }
  }

  /// An array on the heap, which no optimization may put elsewhere.
  @inline(never)
  private func copies(of token: UInt32) -> [UInt32] { Array(repeating: token, count: lastRows[0] + 1) }

  /// What generating so many tokens more allocates; only a plan's tokenizer may, for the text.
  private func generationAllocations() throws -> UInt64 {
    let short = try allocations(of: { try generate(Self.steps) })
    let long = try allocations(of: { try generate(2 * Self.steps) })
    return long > short ? long - short : 0
  }

  private func generate(_ count: Int) throws {
    let request = GenerationRequest(prompt: prompt, tokenLimit: count, ignoresEnd: true)
    _ = try generator.generate(request) { _, _ in true }
  }

  private func mostLikely(_ logits: UnsafeBufferPointer<Float>) -> UInt32 {
    var best = 0
    for index in logits.indices where logits[index] > logits[best] { best = index }
    return UInt32(best)
  }
}
