import Files
import Foundation
import Passes
import PlanFormat
import PlanRuntime
import Synchronization
import Testing

/// Plans that are replaced by rename while others read them.
@Suite(.serialized)
struct ReplacementTests {
  private static let readers = 64
  private static let replacements = 200

  /// What the readers have seen.
  private final class Account: Sendable {
    let isOver = Atomic(false)
    let reads = Atomic(0)
    let failures = Atomic(0)
  }

  /// The bits of the logits after a few tokens.
  private static func bits(_ plan: Plan) throws -> [UInt32] {
    let context = try Context(
      plan: plan, options: ContextOptions(rowCapacity: 4, logitRowCapacity: 1, threads: 1))
    let row = try context.prefill([1, 7, 5, 3])
    return try context.logits(rows: [row])[0].map(\.bitPattern)
  }

  @Test
  func everyReaderSeesOnePlanOrTheOther() throws {
    try withTemporaryDirectory { place in
      let path = place + "/plan"
      let plans = try [Recipe.float32, .quamba].map { recipe in
        let plan = try compiledPlan(Fixtures.model("tiny"), recipe)
        return (bytes: Array(plan.view.memory), bits: try Self.bits(plan))
      }
      #expect(plans[0].bits != plans[1].bits)
      try OutputFile.write(plans[0].bytes, to: path)
      let account = Account()
      let held = try Plan(path: path)
      let threads = (0..<Self.readers).map { _ in
        let thread = Thread {
          repeat {
            let bits = try? Self.bits(Plan(path: path))
            let isWhole = bits == plans[0].bits || bits == plans[1].bits
            account.failures.add(isWhole ? 0 : 1, ordering: .relaxed)
            account.reads.add(1, ordering: .relaxed)
          } while !account.isOver.load(ordering: .relaxed)
        }
        thread.start()
        return thread
      }
      for number in 1...Self.replacements { try OutputFile.write(plans[number % 2].bytes, to: path) }
      account.isOver.store(true, ordering: .relaxed)
      while threads.contains(where: { !$0.isFinished }) { usleep(1000) }
      #expect(account.failures.load(ordering: .relaxed) == 0)
      #expect(account.reads.load(ordering: .relaxed) >= Self.readers)
      #expect(try Self.bits(held) == plans[0].bits, "a plan that is held stays as it was")
      #expect(try FileManager.default.contentsOfDirectory(atPath: place) == ["plan"])
    }
  }
}
