import CompilerDriver
import Foundation
import Passes
import PlanRuntime
import Testing

/// The kernels for 64-bit Arm, under qemu, give the bits that those of this processor give.
@Suite(.serialized, .enabled(if: Replay.missing == nil, "\(Replay.missing ?? "")"))
struct ArmTests {
  private static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path
  private static let plans = package + "/Tests/Fixtures/plans/1.2"

  @Test
  func kernelsAreChosenByWhatTheProcessorHas() throws {
    #expect(try Replay.arm.run(["sets"]) == ["scalar", "neon best"])
    #expect(try Replay.arm(processor: "cortex-a53").run(["sets"]) == ["scalar best"])
  }

  @Test
  func allOtherCCompilesToo() throws {
    for name in ["CCalibrationText", "CCountingAllocator", "CWriteback"] {
      try Replay.checkForArm("Sources/" + name)
    }
  }

  /// What the compiler uses, the products, which have a source for every instruction set, and the other kernels.
  @Test(arguments: ["helpers", "products", "kernels"])
  func generatedInputsGiveTheSameBits(_ kind: String) throws {
    let expected = try Replay.native.run([kind, InstructionSet.best.rawValue])
    #expect(expected.count >= 150)
    for set in ["scalar", "neon"] {
      expectSame(try Replay.arm.run([kind, set]), expected, "\(kind), \(set)")
    }
  }

  @Test(
    arguments: try FileManager.default.contentsOfDirectory(atPath: plans).filter { $0.hasSuffix(".qplan") }
      .sorted()
  )
  func keptPlansGiveTheSameBits(_ name: String) throws {
    try expectSameBits(try Plan(path: Self.plans + "/" + name), on: ["scalar", "neon"])
  }

  @Test(arguments: ["float32", "quamba-channel"])
  func theExampleGivesTheSameBits(_ recipe: String) throws {
    try withTemporaryDirectory { place in
      let recipe = try #require(Recipe.named(recipe))
      let model = Self.package + "/Examples/models/gutenberg-9m"
      var options = Compiler.Options(model: model, output: place + "/plan", recipe: recipe, threads: 2)
      options.size = CalibrationText.Size(samples: 4, length: 64)
      _ = try Compiler.compile(options, progress: { _, _ in })
      try expectSameBits(try Plan(path: place + "/plan"), on: ["neon"])
    }
  }

  /// Runs two sequences together, then each a token on, then one alone, here and there.
  private func expectSameBits(_ plan: Plan, on sets: [String]) throws {
    try withTemporaryDirectory { place in
      let file = place + "/calls"
      let options = ContextOptions(
        rowCapacity: 14, logitRowCapacity: 2, stateSlots: 2, contextCapacity: 64, threads: 1,
        instructionSet: .best)
      let context = try Context(plan: plan, options: options)
      let recording = try #require(Recording(context, path: file))
      let tokens = (0..<17).map { UInt32(($0 * $0 * 7 + $0 * 31 + 5) % plan.vocabulary) }
      for slots in [[(0, 10), (1, 4)], [(1, 1), (0, 1)], [(1, 1)]] {
        let segments = slots.map { Segment(slot: $0, count: $1) }
        let rows = segments.reduce(0) { $0 + $1.count }
        try recording.run(tokens: Array(tokens[..<rows].reversed()), segments: segments)
      }
      let expected = try Replay.native.run([file, InstructionSet.best.rawValue, "1", "steps"])
      let ends = expected.filter { !$0.contains("step") }
      #expect(ends == recording.digests.enumerated().map { "run \($0): \(hexadecimal($1))" })
      for set in sets {
        expectSame(try Replay.arm.run([file, set, "1", "steps"]), expected, "\(set), step by step")
        expectSame(try Replay.arm.run([file, set, "2"]), ends, "\(set), two threads")
      }
    }
  }

  private func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// Reports the first line that differs.
  private func expectSame(_ found: [String], _ expected: [String], _ what: String) {
    #expect(found.count == expected.count, "\(what)")
    let first = zip(found, expected).first { $0 != $1 }
    #expect(first == nil, "\(what): found \(first?.0 ?? ""), expected \(first?.1 ?? "")")
  }

  private func withTemporaryDirectory(_ body: (String) throws -> Void) throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("quamba-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: url) }
    try body(url.path)
  }
}
