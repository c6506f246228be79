import Foundation
import JSONText
import Testing

/// Sensitivity of layers and tensors.
@Suite(.serialized)
struct AnalyzeTests {
  private static let model = Fixtures.model("mamba-f32")

  private let place: TemporaryDirectory

  init() throws {
    place = try TemporaryDirectory()
    let made = try Program.quamba.run(
      ["calibrate", Self.model, "-o", place.path("stats"), "--samples", "4", "--seq-len", "64"])
    try #require(made.code == 0, "\(made.errors)")
    let ids = (0..<300).map { "\(($0 * 37 + $0 / 7) % 90)" }.joined(separator: ",")
    try place.write("text.jsonl", "{\"ids\": [\(ids)]}")
  }

  private func analyze(_ options: [String] = []) throws -> Outcome {
    try Program.quamba.run(
      ["analyze", Self.model, "--text", "text.jsonl", "--stats", "stats", "--window", "64", "--windows", "4"]
        + options, directory: place.path)
  }

  /// KL of a plan by `compile` with options, measured by `eval`.
  private func divergence(_ options: [String]) throws -> Double {
    let compiled = try Program.quamba.run(
      ["compile", Self.model, "-o", "plan", "--stats", "stats"] + options, directory: place.path)
    try #require(compiled.code == 0, "\(compiled.errors)")
    let scored = try Program.quamba.run(
      [
        "eval", "plan", "--text", "text.jsonl", "--baseline", Self.model, "--window", "64", "--windows", "4",
        "--json",
      ],
      directory: place.path)
    try #require(scored.code == 0, "\(scored.errors)")
    let root = JSONCursor(try JSONText.parse(scored.output))
    return try (root.optional("texts")?[0]["score"] ?? root)["kl"].double()
  }

  @Test
  func figuresAreThoseOfPlansByKeepAndSet() throws {
    let outcome = try analyze(["--save", "analysis.json"])
    #expect(outcome.code == 0 && outcome.errorCodes.isEmpty, "\(outcome.errors)")
    #expect(outcome.output.contains("only quantized") && outcome.output.contains("gained in float"))
    let root = JSONCursor(try JSONText.parse(try place.text("analysis.json")))
    let whole = try root["whole"]["kl"].double()
    #expect(try divergence([]) == whole)
    let groups = try root["groups"].array()
    let names = try groups.map { try $0["name"].string() }
    for name in [
      "layers.0", "mixer.in_proj.weight", "mixer.x_proj.weight", "mixer.dt_proj.weight",
      "mixer.out_proj.weight", "mixer.x",
      "mixer.u_scan",
    ] {
      #expect(names.contains(name), "\(names)")
    }
    #expect(Set(names).count == names.count)
    for (name, pattern) in [("layers.1", "layers.1.*"), ("mixer.z", "layers.*.mixer.z")] {
      let group = try #require(try groups.first { try $0["name"].string() == name })
      #expect(try group["tensors"].array().map { try $0.string() } == [pattern])
      #expect(
        try divergence(["--keep", "*", "--set", "\(pattern).keep=false"])
          == group["only_quantized"]["kl"].double())
      #expect(try divergence(["--keep", pattern]) == group["only_float"]["kl"].double())
      #expect(try abs(whole - group["only_float"]["kl"].double() - group["gain"].double()) < 1e-12)
    }
    let page = try Program.quamba.run(
      ["report", "plan", "--analysis", "analysis.json", "-o", "page"], directory: place.path)
    #expect(page.code == 0, "\(page.errors)")
    #expect(try place.text("page").contains("id=\"sensitivity\""))
  }

  /// Parts of the error are not lost: alone they come to about the whole.
  @Test
  func everythingQuantizedIsInAGroup() throws {
    let outcome = try analyze(["--json"])
    let root = JSONCursor(try JSONText.parse(outcome.output))
    let whole = try root["whole"]["kl"].double()
    for kind in ["layer", "tensors"] {
      let parts = try root["groups"].array().filter { try $0["kind"].string() == kind }
      let sum = try parts.reduce(0) { try $0 + $1["only_quantized"]["kl"].double() }
      #expect(sum > whole / 3 && sum < whole * 3, "\(kind): \(sum) of \(whole)")
    }
  }

  @Test
  func wrongUseIsRefused() throws {
    let float = try analyze(["--recipe", "float32"])
    #expect(float.code == 64 && float.errorCodes == ["bad-option"], "\(float.errors)")
    let long = try analyze(["--window", "4000"])
    #expect(long.code == 65 && long.errorCodes == ["bad-text"], "\(long.errors)")
    let missing = try Program.quamba.run(["analyze", Self.model, "--text", "/nowhere/at/all"])
    #expect(missing.code == 66 && missing.errorCodes == ["missing-file"], "\(missing.errors)")
  }
}
