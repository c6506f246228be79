import Foundation
import Testing

/// One SHA-256 for plans, statistics, signatures and reports, whatever surrounds the program.
@Suite(.serialized)
struct SurroundingsTests {
  /// A way to run a program: what stands before it, and its environment.
  struct Surroundings: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var shell = ""
    var environment: [String: String] = [:]
    /// Options of the commands that compute.
    var options: [String] = []
  }

  static let all = [
    Surroundings(testDescription: "umask", shell: "umask 077; "),
    Surroundings(testDescription: "open umask", shell: "umask 0; "),
    Surroundings(testDescription: "locale", environment: ["LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR"]),
    Surroundings(testDescription: "no locale", environment: ["LC_ALL": "C"]),
    Surroundings(testDescription: "time zone", environment: ["TZ": "Pacific/Apia"]),
    Surroundings(testDescription: "home", environment: ["HOME": "/nowhere", "USER": "x", "LOGNAME": "y"]),
    Surroundings(testDescription: "few files", shell: "ulimit -n 32; "),
    Surroundings(testDescription: "one processor", shell: "taskset -c 0 "),
    Surroundings(testDescription: "one thread", options: ["--threads", "1", "--progress", "plain"]),
    Surroundings(testDescription: "three threads", options: ["--threads=3", "--progress=json"]),
    Surroundings(testDescription: "hashes", environment: ["SWIFT_DETERMINISTIC_HASHING": "1"]),
  ]

  private let place: TemporaryDirectory

  init() throws { place = try TemporaryDirectory() }

  /// Makes all files in a directory of their own and gives their digests.
  private func digests(_ surroundings: Surroundings?, model: String = Fixtures.model("tiny")) throws
    -> [String]
  {
    let inner = try TemporaryDirectory()
    if !FileManager.default.fileExists(atPath: place.path("k.key")) {
      #expect(try Program.quamba.run(["sign", "--generate", place.path("k")]).code == 0)
    }
    try FileManager.default.copyItem(atPath: place.path("k.key"), toPath: inner.path("k.key"))
    try FileManager.default.createSymbolicLink(atPath: inner.path("m"), withDestinationPath: model)
    let options = surroundings?.options ?? []
    let commands = [
      ["calibrate", "m", "-o", "statistics"] + Fixtures.little + options,
      ["compile", "m", "-o", "plan", "--stats", "statistics"] + options,
      ["compile", "m"] + options + ["-o", "float", "--recipe", "float32", "--report", "first page"],
      ["report", "plan", "--stats", "statistics", "-o", "second page"],
      ["sign", "plan", "--key", "k.key", "-o", "signature"],
    ]
    for command in commands {
      let line = "exec" + ([Program.quamba.path] + command).map { " '\($0)'" }.joined()
      let shell = surroundings?.shell ?? ""
      let text = shell.hasSuffix("; ") || shell.isEmpty ? shell + line : shell + line.dropFirst(4)
      let outcome = try Outcome(
        of: "/bin/sh", ["-c", text], surroundings?.environment ?? [:], inner.path)
      #expect(outcome.code == 0, "\(surroundings?.testDescription ?? ""): \(outcome.errors)")
    }
    let names = ["statistics", "plan", "float", "signature", "first page", "second page"]
    let sums = try Outcome(of: "/usr/bin/sha256sum", names, [:], inner.path)
    return sums.output.split(separator: "\n").map(String.init)
  }

  @Test(arguments: all)
  func sameDigests(_ surroundings: Surroundings) throws {
    let expected = try digests(nil)
    #expect(expected.count == 6)
    #expect(try digests(surroundings) == expected)
  }

  /// Clocks that run backwards; the library is compiled here.
  @Test
  func fakeTime() throws {
    let library = place.path("fake_time.so")
    let source = Fixtures.package + "/Tests/Fixtures/preload/fake_time.c"
    let compiled = try Outcome(
      of: "/usr/bin/env", ["clang", "-shared", "-fPIC", "-O1", "-o", library, source])
    try #require(compiled.code == 0, "\(compiled.errors)")
    let marks = try TemporaryDirectory()
    let fake = Surroundings(
      testDescription: "fake time", environment: ["LD_PRELOAD": library, "FAKE_TIME_MARKS": marks.path])
    #expect(try digests(fake) == digests(nil))
    #expect(try marks.names.contains("quamba"), "the library took no effect")
  }

  /// Shards that were written, and are listed, in another order.
  @Test
  func orderOfShards() throws {
    let source = Fixtures.model("mamba-bf16-sharded")
    let copy = try TemporaryDirectory()
    for name in try FileManager.default.contentsOfDirectory(atPath: source).sorted().reversed() {
      try FileManager.default.copyItem(atPath: source + "/" + name, toPath: copy.path(name))
    }
    let index = "model.safetensors.index.json"
    var lines = try copy.text(index).split(separator: "\n").map(String.init)
    let shards = lines.indices.filter { lines[$0].contains(".safetensors") }
    let entries = shards.map { lines[$0].trimmingCharacters(in: CharacterSet(charactersIn: ", ")) }
    for (number, entry) in zip(shards, entries.reversed()) {
      lines[number] = entry + (number == shards.last ? "" : ",")
    }
    try copy.write(index, lines.joined(separator: "\n"))
    #expect(entries.count > 5)
    #expect(try digests(nil, model: copy.path) == digests(nil, model: source))
  }
}
