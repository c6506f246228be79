import Foundation
import JSONText
import Testing

/// The same bytes and the same tokens, whatever surrounds the program.
@Suite(.serialized)
struct SameBytesTests {
  private static let model = Fixtures.model("mamba-f32")

  /// Two threads, another working directory with relative paths, another language and time zone.
  private func runElsewhere(_ arguments: [String], in place: TemporaryDirectory) throws -> Outcome {
    try Program.quamba.run(
      arguments + ["--threads", "2"],
      environment: ["LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Kathmandu", "LANG": "C"],
      directory: place.path)
  }

  @Test(arguments: ["float32", "naive", "quamba", "quarot", "quamba-smooth", "quamba-w4"])
  func plans(_ recipe: String) throws {
    let place = try TemporaryDirectory()
    try FileManager.default.createSymbolicLink(atPath: place.path("m"), withDestinationPath: Self.model)
    let options = ["--recipe", recipe] + Fixtures.little
    let first = ["compile", Self.model, "-o", place.path("first"), "--threads", "1"] + options
    #expect(try Program.quamba.run(first).code == 0)
    #expect(try runElsewhere(["compile", "m/", "-o", "second"] + options, in: place).code == 0)
    #expect(try place.data("first") == place.data("second"))
    let plan = try place.data("first")
    for name in ["tmp", place.path, NSUserName() + "@", ProcessInfo.processInfo.hostName] where name.count > 3
    {
      #expect(plan.range(of: Data(name.utf8)) == nil, "the plan holds '\(name)'")
    }
  }

  @Test
  func statistics() throws {
    let place = try TemporaryDirectory()
    for (model, text) in [(Fixtures.example, nil), (Fixtures.example, Fixtures.text), (Self.model, nil)] {
      let options = (text.map { ["--text", $0] } ?? []) + ["--samples", "3", "--seq-len", "32"]
      let first = ["calibrate", model, "-o", place.path("first"), "--threads", "1"] + options
      #expect(try Program.quamba.run(first).code == 0)
      #expect(try runElsewhere(["calibrate", model, "-o", "second"] + options, in: place).code == 0)
      #expect(try place.data("first") == place.data("second"))
    }
  }

  @Test(arguments: ["float32", "quamba", "quamba-channel"])
  func bothProgramsOnEveryInstructionSet(_ recipe: String) throws {
    let plan = try Fixtures.plans.plan(Self.model, recipe)
    let ids = ["--ids", (0..<70).map { "\(($0 * 37 + 5) % 384)" }.joined(separator: ","), "-n", "12"]
    let expected = try Program.quambaRun.run(
      [plan] + ids + ["--logits-digest", "--threads", "1"], environment: ["QUAMBA_ISA": "scalar"])
    #expect(expected.code == 0, "\(expected.errors)")
    let firstLine = expected.output.prefix { $0 != "\n" } + "\n"
    var tried = 0
    for set in ["scalar", "avx2", "avxvnni", "avx512", "neon"] {
      for threads in ["1", "2", "3"] {
        let environment = ["QUAMBA_ISA": set]
        let runner = try Program.quambaRun.run(
          [plan] + ids + ["--logits-digest", "--threads", threads], environment: environment)
        let tool = try Program.quamba.run(
          ["run", plan] + ids + ["--threads", threads], environment: environment)
        #expect(runner.code == tool.code)
        guard runner.code != 69 else { continue }
        tried += 1
        #expect(runner.output == expected.output, "\(set), \(threads) threads")
        #expect(tool.output == firstLine, "\(set), \(threads) threads")
      }
    }
    #expect(tried >= 3)
  }

  @Test
  func samplingFollowsTheSeed() throws {
    let plan = try Fixtures.plans.plan(Self.model)
    func sample(_ program: Program, _ seed: String) throws -> String {
      let options = ["--ids", "1,2,3", "-n", "20", "--temperature", "30", "--top-k", "300", "--seed", seed]
      return try program.run((program == .quamba ? ["run", plan] : [plan]) + options).output
    }
    let first = try sample(.quamba, "1")
    #expect(try sample(.quamba, "1") == first && sample(.quambaRun, "1") == first)
    #expect(try sample(.quamba, "2") != first)
  }

  @Test
  func logitsOfBothModesAgree() throws {
    let place = try TemporaryDirectory()
    let plan = try Fixtures.plans.plan(Self.model)
    try place.write("tokens.json", "[[1,2,3,4,5,6,7],[7,6,5,4,3,2,1]]")
    for (name, threads) in [("first", "1"), ("second", "2")] {
      let arguments = ["logits", plan, "--tokens", place.path("tokens.json"), "-o", place.path(name)]
      #expect(try Program.quamba.run(arguments + ["--hidden", "--threads", threads]).code == 0)
    }
    #expect(try place.data("first") == place.data("second"))
  }
}
