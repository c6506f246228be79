import Foundation
import JSONText
import Testing

/// Attention and experts from the command line.
@Suite(.serialized)
struct HybridCommandTests {
  private static let model = Fixtures.model("jamba-f32")

  private let place: TemporaryDirectory

  init() throws { place = try TemporaryDirectory() }

  @Test
  func roomForKeysAndValues() throws {
    let compiled = try Program.quamba.run(
      ["compile", Self.model, "-o", place.path("plan"), "--recipe", "float32", "--progress", "none"])
    try #require(compiled.code == 0, "\(compiled.errors)")
    let run = ["run", place.path("plan"), "--ids", "1,2,3", "-n", "8", "--ignore-eos"]
    let usual = try Program.quamba.run(run)
    #expect(usual.code == 0 && usual.output.split(separator: ",").count == 8)
    // The last token is never run.
    let exact = try Program.quamba.run(run + ["--context", "10"])
    #expect(exact.code == 0 && exact.output == usual.output)
    let short = try Program.quamba.run(run + ["--context", "9"])
    #expect(short.code == 64 && short.errorCodes == ["bad-option"] && short.output.isEmpty)
    #expect(short.errors.contains("10 tokens of context") && short.errors.contains("--context"))
    #expect(try Program.quamba.run(run + ["--context", "0"]).code == 64)
    try Data("{\"ids\": [\((0..<33).map(String.init).joined(separator: ", "))]}\n".utf8).write(
      to: URL(fileURLWithPath: place.path("ids.jsonl")))
    let eval = ["eval", place.path("plan"), "--text", place.path("ids.jsonl"), "--window", "32"]
    #expect(try Program.quamba.run(eval).code == 0)
    let narrow = try Program.quamba.run(eval + ["--context", "31"])
    #expect(narrow.code == 65 && narrow.errors.contains("32 tokens"), "\(narrow.errors)")
  }

  @Test
  func tokensOfExperts() throws {
    let outcome = try Program.quamba.run([
      "calibrate", Self.model, "-o", place.path("stats"), "--samples", "2", "--seq-len", "16", "--progress",
      "none",
    ])
    try #require(outcome.code == 0, "\(outcome.errors)")
    let text = try Program.quamba.run(["stats", "show", place.path("stats")])
    #expect(text.output.contains("layers.3.mlp.experts.2") && text.errors.contains("expert-coverage"))
    let json = try Program.quamba.run(["stats", "show", place.path("stats"), "--json"])
    let experts = try JSONCursor(try JSONText.parse(json.output))["experts"].array()
    #expect(try experts.map { try $0["name"].string() }.first == "layers.1.mlp.experts.0")
    #expect(try experts.count == 8 && experts.reduce(0) { try $0 + $1["tokens"].int() } == 2 * 2 * 32)
  }
}
