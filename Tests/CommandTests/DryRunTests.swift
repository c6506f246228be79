import Foundation
import JSONText
import Testing

/// `compile --dry-run` from the command line.
@Suite(.serialized)
struct DryRunTests {
  private let place: TemporaryDirectory

  init() throws { place = try TemporaryDirectory() }

  /// A model of a large size, its weights holes.
  private func sparse(_ shape: String) throws {
    let script = Fixtures.package + "/Tests/Oracles/make_sparse_model.py"
    let made = try Outcome(of: "/usr/bin/env", ["python3", script, shape, place.path(shape)])
    try #require(made.code == 0, "\(made.errors)")
  }

  private static let hasPython = (try? Outcome(of: "/usr/bin/env", ["python3", "--version"]))?.code == 0

  @Test(.enabled(if: hasPython, "python3 makes the models"), arguments: ["2.8b", "52b", "jamba-52b"])
  func largeModelsTakeLittleTime(_ shape: String) throws {
    try sparse(shape)
    let start = ContinuousClock.now
    let outcome = try Program.quamba.run(["compile", "--dry-run", "--json", place.path(shape)])
    #expect(start.duration(to: .now) < .seconds(5))
    try #require(outcome.code == 0, "\(outcome.errors)")
    let forecast = JSONCursor(try JSONText.parse(outcome.output))
    let tensors = try forecast["tensors"].array()
    let before = try tensors.reduce(0) { try $0 + $1["bytes"].int() }
    #expect(try forecast["bytes_before"].int() == before)
    #expect(before > (shape == "2.8b" ? 5_000_000_000 : 100_000_000_000))
    let planned = try tensors.reduce(0) { try $0 + $1["planned_bytes"].int() }
    let rest = try forecast["header_bytes"].int() + forecast["other_bytes"].int()
    #expect(try forecast["bytes_after"].int() == planned + rest)
    #expect(planned > before / 2 && planned < before * 11 / 20)
    let context = try forecast["context_bytes_per_1000_tokens"].int()
    // Four layers of attention, keys and values of 8 heads of 128 channels.
    #expect(context == (shape == "jamba-52b" ? 4 * 2 * 8 * 128 * 1000 : 0))
  }

  @Test
  func forPeople() throws {
    let outcome = try Program.quamba.run(
      ["compile", "--dry-run", Fixtures.example, "-o", place.path("plan"), "--recipe", "quamba"])
    #expect(outcome.code == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    #expect(try place.names.isEmpty)
    for part in [
      "backbone.embeddings.weight", "exactly", "for each 1,000 tokens", "rows of logits", "$TMPDIR",
    ] {
      #expect(outcome.output.contains(part), "\(part)")
    }
  }

  @Test(arguments: [["--report", "page.html"], ["--dump-ir", "dump"]])
  func nothingIsWritten(_ options: [String]) throws {
    let outcome = try Program.quamba.run(["compile", "--dry-run", Fixtures.example] + options)
    #expect(outcome.code == 64 && outcome.errors.contains("--dry-run"), "\(outcome.errors)")
  }

  @Test
  func whatHeadersShowToBeWrong() throws {
    let copy = try ModelCopy(of: Fixtures.model("mamba-f32"), in: place.path)
    try copy.editTensors { $0.removeAll { $0.name == "backbone.layers.0.mixer.D" } }
    let outcome = try Program.quamba.run(["compile", "--dry-run", copy.directory])
    #expect(outcome.code == 65 && outcome.errorCodes == ["missing-tensor"], "\(outcome.errors)")
  }
}
