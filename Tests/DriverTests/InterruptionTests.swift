import CompilerDriver
import Diagnostics
import Foundation
import Passes
import Synchronization
import Testing

/// A user's interruption ends a compile without a trace, but for what its calibration has seen.
@Suite(.serialized)
struct InterruptionTests {
  private static let model = Fixtures.model("tiny")

  /// Says yes from a certain question on.
  private final class Impatience: Sendable {
    private let questions = Mutex(0)
    private let limit: Int

    init(after limit: Int) { self.limit = limit }

    func isOver() -> Bool {
      questions.withLock { questions in
        questions += 1
        return questions > limit
      }
    }
  }

  /// Compiles into `place`, which holds an old plan; the exit status, nil after success.
  private func compile(
    _ recipe: Recipe, in place: String, stopping: @escaping @Sendable () -> Bool = { false }
  ) throws -> Diagnostics.ExitStatus? {
    var options = Compiler.Options(model: Self.model, output: place + "/plan", recipe: recipe, threads: 2)
    options.size = CalibrationText.Size(samples: 3, length: 32)
    do {
      _ = try Compiler.compile(options, progress: { _, _ in }, shouldStop: stopping)
      return nil
    } catch let failure as DiagnosticFailure {
      return failure.exitStatus
    }
  }

  private static func bytes(_ path: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: path))
  }

  private static let rounded: Recipe = {
    var recipe = Recipe.quambaChannel
    recipe.weights.rounding = .gptq
    return recipe
  }()

  /// Stopped at every second question, the old output stays, and the next compile comes to the same bytes.
  @Test(arguments: [Recipe.float32, .quambaSmooth, rounded])
  func atManyMoments(_ recipe: Recipe) throws {
    let expected = try withTemporaryDirectory { place in
      #expect(try compile(recipe, in: place) == nil)
      return try Self.bytes(place + "/plan")
    }
    var (stops, kept) = (0, 0)
    while true {
      let isStopped = try withTemporaryDirectory { place in
        try Data("old".utf8).write(to: URL(fileURLWithPath: place + "/plan"))
        let impatience = Impatience(after: 2 * stops)
        guard let status = try compile(recipe, in: place, stopping: impatience.isOver) else { return false }
        #expect(status == .interrupted)
        #expect(try Self.bytes(place + "/plan") == Data("old".utf8))
        let left = try FileManager.default.contentsOfDirectory(atPath: place).filter { $0 != "plan" }
        #expect(left.isEmpty || left == ["plan.unfinished"])
        kept += left.count
        #expect(try compile(recipe, in: place) == nil)
        #expect(try Self.bytes(place + "/plan") == expected)
        #expect(try FileManager.default.contentsOfDirectory(atPath: place) == ["plan"])
        return true
      }
      guard isStopped else { break }
      stops += 1
    }
    #expect(stops > 8)
    #expect(recipe.needsRanges ? kept > 4 && kept < stops : kept == 0)
  }

  /// Reading the weights to see that they are finite, and the digest of the model, ask as well.
  @Test
  func whileReadingTheModel() throws {
    let questions = Mutex(0)
    _ = try LoadedModel(directory: Self.model, checksValues: true) {
      questions.withLock { $0 += 1 }
      return false
    }
    #expect(questions.withLock { $0 } >= 12)
    let failure = #expect(throws: DiagnosticFailure.self) {
      try LoadedModel(directory: Self.model, checksValues: true) { true }
    }
    #expect(failure?.exitStatus == .interrupted)
    let unread = try LoadedModel(directory: Self.model, checksValues: false) { true }
    #expect(#expect(throws: DiagnosticFailure.self) { try unread.digest() }?.exitStatus == .interrupted)
  }
}
