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
  /// The golden plans of the newest version: they hold every opcode, type and layout.
  private static let plans = goldenPlans()

  private static func goldenPlans() -> [String] {
    let folder = package + "/Tests/Fixtures/plans"
    let all = FileManager.default.enumerator(atPath: folder)?.allObjects as? [String] ?? []
    let plans = all.filter { $0.hasSuffix(".qplan") }
    let version = plans.map { $0.prefix { $0 != "/" } }.max {
      $0.compare($1, options: .numeric) == .orderedAscending
    }
    return plans.filter { $0.prefix { $0 != "/" } == version }.sorted().map { folder + "/" + $0 }
  }

  /// Arm's kernels: plain C, NEON with dot products, and NEON on a processor that has none.
  private static let kernels: [(name: String, program: Replay, set: String)] = [
    ("scalar", .arm, "scalar"), ("dot products", .arm, "neon"),
    ("no dot products", .arm(processor: "cortex-a53"), "neon"),
  ]

  @Test
  func kernelsAreThere() throws {
    for kernels in Self.kernels { #expect(try kernels.program.run(["sets"]) == ["scalar", "neon best"]) }
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
    for (name, program, set) in Self.kernels {
      expectSame(try program.run([kind, set]), expected, "\(kind), \(name)")
    }
  }

  @Test(arguments: plans)
  func goldenPlansGiveTheSameBits(_ path: String) throws {
    try expectSameBits(try Plan(path: path), on: Self.kernels)
  }

  @Test(arguments: ["float32", "quamba-smooth", "quamba-w4"])
  func theExampleGivesTheSameBits(_ recipe: String) throws {
    try withTemporaryDirectory { place in
      let recipe = try #require(Recipe.named(recipe))
      let model = Self.package + "/Examples/models/gutenberg-9m"
      var options = Compiler.Options(model: model, output: place + "/plan", recipe: recipe, threads: 2)
      options.size = CalibrationText.Size(samples: 4, length: 64)
      _ = try Compiler.compile(options, progress: { _, _ in })
      try expectSameBits(try Plan(path: place + "/plan"), on: Self.kernels.filter { $0.set == "neon" })
    }
  }

  /// Runs two sequences together, then each a token on, then one alone, here and there.
  private func expectSameBits(
    _ plan: Plan, on kernels: [(name: String, program: Replay, set: String)]
  ) throws {
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
      for (name, program, set) in kernels {
        expectSame(try program.run([file, set, "1", "steps"]), expected, "\(name), step by step")
        expectSame(try program.run([file, set, "2"]), ends, "\(name), two threads")
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
