import Foundation
import Testing

/// Plan files that cannot be used.
@Suite(.serialized)
struct DamagedPlanTests {
  private static let readers = [
    ["inspect"], ["verify"], ["run", "--ids", "1"], ["tokenize", "--text", "x"],
  ]

  private func expectRefusal(of plan: Data, _ code: Int32, _ kind: String, _ names: [String]) throws {
    let place = try TemporaryDirectory()
    try place.write("plan", plan)
    for reader in Self.readers {
      let outcome = try Program.quamba.run([reader[0], place.path("plan")] + reader.dropFirst())
      #expect(outcome.code == code && outcome.errorCodes == [kind], "\(reader[0]): \(outcome.errors)")
      #expect(outcome.hasOnlyFindings && outcome.errors.contains("  hint: "), "\(outcome.errors)")
      for name in names { #expect(outcome.errors.contains(name), "\(outcome.errors)") }
    }
    let runner = try Program.quambaRun.run([place.path("plan"), "--ids", "1"])
    #expect(runner.code == code, "\(runner.errors)")
    for name in names { #expect(runner.errors.contains(name), "\(runner.errors)") }
  }

  private func plan() throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: Fixtures.plans.plan(Fixtures.model("mamba-f32"))))
  }

  @Test(arguments: [0, 7, 63, 64, 639, 640, 5000, 300_000])
  func cutShort(_ count: Int) throws {
    let plan = try plan()
    try expectRefusal(of: plan.prefix(count), 65, "bad-plan", ["plan: "])
  }

  @Test
  func longerThanItSays() throws { try expectRefusal(of: plan() + [0], 65, "bad-plan", []) }

  @Test
  func ofANewerVersion() throws {
    for (offset, name) in [(8, "2.3"), (10, "1.4")] {
      var plan = try plan()
      plan[offset] += 1
      try expectRefusal(of: plan, 76, "plan-version", [name, "1.3"])
    }
  }

  @Test
  func thatNeedsFeaturesOfANewerTool() throws {
    var plan = try plan()
    plan[12] = 1
    try expectRefusal(of: plan, 69, "unsupported-plan", ["features (bits 1)"])
  }

  @Test
  func anotherKindOfFile() throws {
    try expectRefusal(of: Data("{\"model_type\": \"mamba\"}".utf8), 65, "bad-plan", [])
    try expectRefusal(of: Data(repeating: 0x41, count: 4096), 65, "bad-plan", [])
  }

  @Test
  func changedWeightsAreFoundByTheirDigest() throws {
    let place = try TemporaryDirectory()
    var plan = try plan()
    plan[plan.count - 5000] ^= 1
    try place.write("plan", plan)
    #expect(try Program.quamba.run(["verify", place.path("plan")]).code == 0)
    let outcome = try Program.quamba.run(["verify", place.path("plan"), "--level", "content"])
    #expect(outcome.code == 65 && outcome.errorCodes == ["bad-plan"])
    #expect(outcome.errors.contains("section weights"))
  }

  @Test
  func goodPlansPassEveryLevel() throws {
    let plan = try Fixtures.plans.plan(Fixtures.model("mamba-f32"))
    for level in ["structure", "content", "run"] {
      let outcome = try Program.quamba.run(["verify", plan, "--level", level])
      #expect(outcome.code == 0 && outcome.output.contains(": ok ("), "\(outcome.errors)")
    }
    #expect(try Program.quamba.run(["verify", "--help"]).output.contains("corrections"))
  }

  @Test
  func missing() throws {
    for reader in Self.readers {
      let outcome = try Program.quamba.run([reader[0], "/nowhere/at/all"] + reader.dropFirst())
      #expect(outcome.code == 66 && outcome.errorCodes == ["missing-file"], "\(reader[0]): \(outcome.errors)")
    }
  }
}
