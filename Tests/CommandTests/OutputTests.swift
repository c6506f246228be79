import Foundation
import Glibc
import Testing

/// Outputs that cannot be created: nothing is lost and nothing stays behind.
@Suite(.serialized)
struct OutputTests {
  private static let model = Fixtures.model("mamba-f32")

  private func compile(to path: String) throws -> Outcome {
    try Program.quamba.run(["compile", Self.model, "-o", path, "--recipe", "float32"])
  }

  private func expectRefusal(_ outcome: Outcome, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(outcome.code == 73, "\(outcome.errors)", sourceLocation: sourceLocation)
    #expect(outcome.errorCodes == ["cannot-write"], "\(outcome.errors)", sourceLocation: sourceLocation)
    #expect(outcome.errors.contains("  hint: "), "\(outcome.errors)", sourceLocation: sourceLocation)
  }

  @Test
  func placesWhereNothingCanBeCreated() throws {
    expectRefusal(try compile(to: "/nowhere/at/all"))
    expectRefusal(try compile(to: "/proc/plan"))
    expectRefusal(try compile(to: ""))
    let place = try TemporaryDirectory()
    expectRefusal(try compile(to: place.path("new/")))
    try place.write("file", "x")
    expectRefusal(try compile(to: place.path("file/plan")))
    #expect(try place.names == ["file"])
  }

  @Test
  func directoriesAndPipes() throws {
    let place = try TemporaryDirectory()
    expectRefusal(try compile(to: place.path))
    try #require(mkfifo(place.path("pipe"), 0o600) == 0)
    expectRefusal(try compile(to: place.path("pipe")))
    #expect(try place.names == ["pipe"])
  }

  @Test
  func everyWritingCommandRefusesADirectory() throws {
    let place = try TemporaryDirectory()
    try place.write("tokens.json", "[[1]]")
    let plan = try Fixtures.plans.plan(Self.model)
    for arguments in [
      ["calibrate", Self.model, "-o", place.path], ["ir", "dump", Self.model, "-o", place.path],
      ["logits", plan, "--tokens", place.path("tokens.json"), "-o", place.path],
    ] {
      expectRefusal(try Program.quamba.run(arguments))
    }
    let dump = try Program.quamba.run(
      ["compile", Self.model, "-o", place.path("plan"), "--dump-ir", "/nowhere/at/all"] + Fixtures.little)
    #expect(dump.code == 73 && dump.errorCodes == ["cannot-write"], "\(dump.errors)")
    #expect(try place.names == ["tokens.json"])
  }

  @Test
  func linksGoOnPointing() throws {
    let place = try TemporaryDirectory()
    try place.write("target", "old")
    try FileManager.default.createSymbolicLink(
      atPath: place.path("link"), withDestinationPath: place.path("target"))
    #expect(try compile(to: place.path("link")).code == 0)
    #expect(try place.names == ["link", "target"])
    #expect(
      try FileManager.default.destinationOfSymbolicLink(atPath: place.path("link")) == place.path("target"))
    #expect(try Program.quamba.run(["verify", place.path("target")]).code == 0)
  }

  @Test
  func theDumpHoldsAFileForEveryPass() throws {
    let place = try TemporaryDirectory()
    let outcome = try Program.quamba.run(
      ["compile", Self.model, "-o", place.path("plan"), "--dump-ir", place.path("ir")] + Fixtures.little)
    #expect(outcome.code == 0, "\(outcome.errors)")
    let names = try FileManager.default.contentsOfDirectory(atPath: place.path("ir")).sorted()
    #expect(names.first == "00-import.ir" && names.count >= 6)
    for name in names {
      let difference = try Program.quamba.run([
        "ir", "diff", place.path("ir/\(name)"), place.path("ir/\(name)"),
      ])
      #expect(difference.code == 0 && difference.output.isEmpty, "\(name): \(difference.errors)")
    }
    let changed = try Program.quamba.run(
      ["ir", "diff", place.path("ir/\(names[0])"), place.path("ir/\(names[1])")])
    #expect(changed.code == 1 && changed.output.contains("\n+"))
  }

  /// Without the rights of root, which no permission stops.
  @Test
  func permissions() throws {
    let place = try TemporaryDirectory()
    try FileManager.default.copyItem(atPath: Self.model, toPath: place.path("m"))
    let drop = geteuid() == 0 ? "setpriv --bounding-set -dac_override,-dac_read_search --inh-caps -all" : ""
    func run(_ arguments: String) throws -> Outcome {
      let line = "\(drop) '\(Program.quamba.path)' \(arguments)"
      return try Outcome(of: "/bin/sh", ["-c", line], [:], place.path)
    }
    try FileManager.default.createDirectory(atPath: place.path("closed"), withIntermediateDirectories: false)
    try FileManager.default.createDirectory(atPath: place.path("blind"), withIntermediateDirectories: false)
    for (path, mode) in [("closed", 0o555), ("blind", 0o333), ("m/model.safetensors", 0)] {
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: place.path(path))
    }
    expectRefusal(try run("compile '\(Self.model)' -o closed/plan --recipe float32"))
    expectRefusal(try run("sign --generate closed/k"))
    expectRefusal(try run("compile '\(Self.model)' -o blind/plan --recipe float32"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: place.path("blind")).isEmpty)
    let unreadable = try run("compile m -o plan --recipe float32")
    #expect(unreadable.code == 74 && unreadable.errorCodes == ["io-failed"], "\(unreadable.errors)")
    #expect(
      unreadable.errors.contains("m/model.safetensors") && unreadable.errors.contains("Permission denied"))
    #expect(try place.names == ["blind", "closed", "m"])
  }

  /// A limit on the size of files is an error like any other.
  @Test
  func limitedSize() throws {
    let place = try TemporaryDirectory()
    let line = "ulimit -f 8; exec '\(Program.quamba.path)' compile '\(Self.model)' -o plan --recipe float32"
    expectRefusal(try Outcome(of: "/bin/sh", ["-c", line], [:], place.path))
    #expect(try place.names == [])
  }

  @Test(.enabled(if: SmallDisk.isPossible, "only root can mount a small disk"))
  func aFullDisk() throws {
    let disk = try SmallDisk(kibibytes: 64)
    try disk.place.write("plan", "old")
    expectRefusal(try compile(to: disk.place.path("plan")))
    let ids = (1...48).map(String.init).joined(separator: ",")
    try disk.place.write("tokens.json", "[[\(ids)]]")
    let plan = try Fixtures.plans.plan(Self.model)
    let logits = [
      "logits", plan, "--tokens", disk.place.path("tokens.json"), "-o", disk.place.path("plan"), "--hidden",
    ]
    expectRefusal(try Program.quamba.run(logits))
    let statistics = ["calibrate", Self.model, "-o", disk.place.path("plan")] + Fixtures.little
    let outcome = try Program.quamba.run(statistics)
    if outcome.code != 0 { expectRefusal(outcome) }
    #expect(try disk.place.names == ["plan", "tokens.json"])
    if outcome.code != 0 { #expect(try disk.place.text("plan") == "old") }
  }
}

/// A file system in memory with little space.
private final class SmallDisk {
  let place: TemporaryDirectory

  init(kibibytes: Int) throws {
    place = try TemporaryDirectory()
    try #require(mount("none", place.path, "tmpfs", 0, "size=\(kibibytes)k") == 0)
  }

  deinit { umount(place.path) }

  /// Whether this process may mount file systems.
  static var isPossible: Bool {
    guard let place = try? TemporaryDirectory(), mount("none", place.path, "tmpfs", 0, "size=64k") == 0 else {
      return false
    }
    umount(place.path)
    return true
  }
}
