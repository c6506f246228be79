import Foundation
import Testing

/// The executable that lies beside the tests, which a full build makes.
private let executable = Bundle.main.bundleURL.appendingPathComponent("quamba-run").path

/// Runs `quamba-run` as a user would.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: executable)))
struct CommandTests {
  private struct Outcome {
    let code: Int32
    let output: String
    let errors: String
  }

  private func run(
    _ arguments: [String], program: String = executable, environment: [String: String] = [:]
  ) throws -> Outcome {
    let process = Process()
    let (output, errors) = (Pipe(), Pipe())
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    (process.standardOutput, process.standardError) = (output, errors)
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let complaint = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Outcome(
      code: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
      errors: String(decoding: complaint, as: UTF8.self))
  }

  @Test
  func itContinuesTokenIDs() throws {
    try withTemporaryFile(MadePlan.bytes(.int8)) { path in
      let arguments = [path, "--ids", "1,2,3", "-n", "5", "--logits-digest"]
      let outcome = try run(arguments)
      #expect(outcome.code == 0)
      let lines = outcome.output.split(separator: "\n")
      #expect(lines[0].split(separator: ",").compactMap { UInt32($0) }.count == 5)
      #expect(lines[1].hasPrefix("logits-digest: "))
      #expect(outcome.errors.hasPrefix("3 prompt tokens in"))
      let scalar = try run(arguments + ["--threads", "2"], environment: ["QUAMBA_ISA": "scalar"])
      #expect(scalar.output == outcome.output)
      #expect(try run([path, "--prompt", "text"]).code == 66)
      #expect(try run([path, "--ids", "37"]).code == 65)
      #expect(try run([path, "--ids", "1", "--threads", "0"]).code == 64)
      #expect(try run([path, "--ids", "1"], environment: ["QUAMBA_ISA": "mmx"]).code == 69)
    }
  }

  @Test
  func wrongUseIsNamed() throws {
    let wrong: [[String]] = [
      [], ["plan"], ["--prompt", "x"], ["a", "b", "--prompt", "x"], ["a", "--prompt"], ["a", "--what"],
      ["a", "--prompt", "x", "--ids", "1"], ["a", "--ids", "1,x"], ["a", "--ids", "1", "-n", "many"],
      ["a", "--ids", "1", "-n", "9223372036854775807"], ["a", "--ids", "1", "-n", "1000000001"],
      ["a", "--ids", "1", "--temperature", "-1"], ["a", "--ids", "1", "--top-k", "0"],
    ]
    for arguments in wrong {
      let outcome = try run(arguments)
      #expect(outcome.code == 64 && outcome.errors.contains("--help"), "\(arguments)")
    }
    let help = try run(["--help"])
    #expect(help.code == 0 && help.output.hasPrefix("usage: quamba-run PLAN"))
    let missing = try run(["/nowhere/at/all", "--ids", "1"])
    #expect(missing.code == 66)
  }

  @Test
  func brokenPlansHaveTheirCodes() throws {
    var bytes = try MadePlan.bytes(.float)
    try withTemporaryFile(Array(bytes.dropLast())) { path in
      let outcome = try run([path, "--ids", "1"])
      #expect(outcome.code == 65 && outcome.errors.contains("ends after"))
    }
    bytes[8] = 2
    try withTemporaryFile(bytes) { path in
      let outcome = try run([path, "--ids", "1"])
      #expect(outcome.code == 76 && outcome.errors.contains("version 2.3"))
    }
  }

  @Test
  func itLinksLittle() throws {
    let libraries = try run([executable], program: "/usr/bin/ldd").output
    #expect(libraries.contains("libc."))
    for name in ["Foundation", "json", "crypto", "curl", "ssl", "icu"] {
      #expect(!libraries.contains(name), "\(name)")
    }
  }
}
