import Glibc
import PlanFormat
public import PlanRuntime
import Tokenization

/// Runs a plan that was accepted for two tokens, and its tokenizer over a few words.
public enum OneStep {
  /// Memory beyond which a plan that may be hostile is not run, in bytes.
  private static let limit = 8 << 20

  /// Runs the plan; nothing is said about what it computes.
  /// - Returns: whether it was run; not where it asks for much memory.
  @discardableResult
  public static func run(_ plan: Plan) -> Bool {
    readTokenizer(plan)
    let model = plan.view.model
    guard max(UInt64(model.bodyBytesPerRow), UInt64(model.headBytesPerRow), model.stateBytesPerSlot) <= limit,
      let context = try? Context(
        plan: plan, options: ContextOptions(rowCapacity: 2, logitRowCapacity: 2, stateSlots: 2, threads: 1))
    else { return false }
    let tokens = [0, UInt32(plan.vocabulary - 1)]
    try? context.run(tokens: tokens, segments: [Segment(slot: 0, count: 1), Segment(slot: 1, count: 1)])
    if let logits = try? context.logits(rows: [0, 1]) {
      for row in 0..<2 {
        precondition(logits[row].count == plan.vocabulary, "a row of logits has another length")
      }
    }
    return true
  }

  private static func readTokenizer(_ plan: Plan) {
    let section = plan.tokenizerSection
    // Good plans have one tokenizer, which need not be tried each time.
    guard !section.isEmpty, !isKnown(section),
      let tables = try? TokenizerTables(section: Span(_unsafeElements: section.bindMemory(to: UInt8.self)))
    else { return }
    exercise(tables)
  }

  private static func isKnown(_ section: UnsafeRawBufferPointer) -> Bool {
    SeedFiles.shared.tokenizer.withUnsafeBytes { known in
      guard let known = known.baseAddress, let base = section.baseAddress else { return false }
      return section.count == SeedFiles.shared.tokenizer.count && memcmp(known, base, section.count) == 0
    }
  }

  /// Encodes and decodes a few words.
  static func exercise(_ tables: TokenizerTables) {
    let tokenizer = Tokenizer(tables)
    let ids = tokenizer.encode(
      " The thin house, 1066\u{301}!\n<|endoftext|> \u{1F600}é", addSpecialTokens: true)
    var decoder = StreamingDecoder(tokenizer)
    for id in ids { _ = decoder.push(id) }
  }
}
