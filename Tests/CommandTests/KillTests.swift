import Foundation
import Testing

/// Killed or failing at any system call that writes, a compile leaves the old output or the complete new one.
@Suite(.serialized, .enabled(if: Tracer.isPossible, "this system has no strace, or forbids it"))
struct KillTests {
  private static let model = Fixtures.model("mamba-f16-untied")

  private let place: TemporaryDirectory

  init() throws { place = try TemporaryDirectory() }

  /// Compiles over an old output with a fault at the call of that number.
  private func compile(_ call: String, _ fault: String, number: Int) throws -> Outcome {
    try place.write("plan", "old")
    return try Tracer.run(
      call, fault, number: number,
      [
        Program.quamba.path, "compile", Self.model, "-o", place.path("plan"), "--recipe", "float32",
        "--threads",
        "1",
      ])
  }

  private func expectOldOrComplete(_ message: String) throws {
    if try place.text("plan") == "old" { return }
    let outcome = try Program.quamba.run(["verify", place.path("plan"), "--level", "run"])
    #expect(outcome.code == 0, "\(message): \(outcome.errors)")
  }

  @Test(arguments: ["pwrite64", "ftruncate", "fsync", "rename"])
  func killedAtEveryCall(_ call: String) throws {
    var number = 1
    while try compile(call, "signal=KILL", number: number).code != 0 {
      try expectOldOrComplete("\(call) \(number)")
      number += 1
      try #require(number < 200)
    }
    #expect(number > 1, "there is no such call")
    #expect(try Program.quamba.run(["verify", place.path("plan"), "--level", "run"]).code == 0)
  }

  @Test(arguments: [
    ("pwrite64", "ENOSPC", 73), ("pwrite64", "EIO", 74), ("ftruncate", "ENOSPC", 73), ("fsync", "EIO", 74),
    ("rename", "EACCES", 74),
  ])
  func failingAtEveryCall(_ call: String, _ fault: String, _ code: Int32) throws {
    var number = 1
    while true {
      let outcome = try compile(call, "error=\(fault)", number: number)
      if outcome.code == 0 { break }
      #expect(outcome.code == code, "\(call) \(number): \(outcome.errors)")
      #expect(outcome.errorCodes == [code == 73 ? "cannot-write" : "io-failed"], "\(outcome.errors)")
      #expect(try place.names == ["plan"], "\(call) \(number)")
      try expectOldOrComplete("\(call) \(number)")
      number += 1
      try #require(number < 200)
    }
    #expect(number > 1, "there is no such call")
  }

  /// Stopped just before its file would appear, a command says so and leaves nothing; statistics that are complete
  /// are kept all the same.
  @Test
  func interruptedBeforeTheFileAppears() throws {
    let (plan, out) = (try Fixtures.plans.plan(Self.model), place.path("out"))
    let key = ["sign", "--generate", place.path("k")]
    let calibrate = ["calibrate", Self.model, "-o", place.path("stats")] + Fixtures.little
    for command in [key, calibrate] { #expect(try Program.quamba.run(command).code == 0) }
    try place.write("tokens", "[[1, 2]]")
    let names = try place.names
    let text = ["--text", Fixtures.text, "--window", "8", "--windows", "1"]
    for command in [
      ["sign", plan, "--key", place.path("k.key"), "-o", out], ["sign", "--generate", out],
      ["logits", plan, "--tokens", place.path("tokens"), "-o", out], ["report", plan, "-o", out],
      ["ir", "dump", Self.model, "-o", out], ["stats", "merge", place.path("stats"), "-o", out],
      ["eval", try Fixtures.plans.plan(Fixtures.model("tiny")), "--save-baseline", out] + text,
      ["compile", Self.model, "-o", out, "--recipe", "float32"],
    ] {
      let outcome = try Tracer.run("fsync", "signal=INT", number: 1, [Program.quamba.path] + command)
      #expect(outcome.code == 75 && outcome.errorCodes == ["interrupted"], "\(command): \(outcome.errors)")
      #expect(try place.names == names, "\(command)")
    }
    let complete = try Tracer.run("fsync", "signal=INT", number: 1, [Program.quamba.path] + calibrate)
    #expect(complete.code == 0, "\(complete.errors)")
    #expect(try place.names == names)
  }
}

/// Runs a program under strace, which injects faults into system calls.
private enum Tracer {
  private static let path = "/usr/bin/strace"

  /// Whether it is there and may trace.
  static var isPossible: Bool {
    FileManager.default.isExecutableFile(atPath: path)
      && (try? run("fsync", "error=EIO", number: 1, ["/bin/true"]).code) == 0
  }

  static func run(_ call: String, _ fault: String, number: Int, _ command: [String]) throws -> Outcome {
    let options = [
      "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(call)", "-e", "inject=\(call):\(fault):when=\(number)",
    ]
    return try Outcome(of: path, options + command)
  }
}
