import Foundation
import JSONText
import Testing

/// The HTML page about a plan.
@Suite(.serialized)
struct ReportTests {
  private static let model = Fixtures.model("mamba-f32")
  private static let evaluation = """
    {"tokens": 1024, "windows": 2, "window_length": 512, "score_from": 0, "mean_nll": 3.9, "perplexity": 49.4,
     "baseline_mean_nll": 3.8, "baseline_perplexity": 49.3, "increase": 0.002, "increase_se": 0.0004, "kl": 0.0015,
     "kl_se": 0.0001, "top_token_agreement": 0.96,
     "positions": [{"from": 0, "to": 16, "kl": 0.001, "kl_se": 0.0001}, {"from": 16, "to": 512, "kl": 0.0016, "kl_se": null}]}
    """

  private let place: TemporaryDirectory

  init() throws { place = try TemporaryDirectory() }

  private func run(_ arguments: [String]) throws -> Outcome {
    try Program.quamba.run(arguments, directory: place.path)
  }

  /// Calibrates and compiles into `stats` and `plan`.
  private func prepare() throws {
    let made = try run(["calibrate", Self.model, "-o", "stats"] + Fixtures.little)
    try #require(made.code == 0, "\(made.errors)")
    let compiled = try run(["compile", Self.model, "-o", "plan", "--stats", "stats"])
    try #require(compiled.code == 0, "\(compiled.errors)")
    try place.write(
      "eval.json", #"{"texts": [{"file": "books/<one>.txt", "score": \#(Self.evaluation)}], "tasks": []}"#)
  }

  /// A page as an XML parser reads it, which needs every element closed and every text escaped.
  private func expectWellFormed(_ page: String) throws {
    let body = page.split(separator: "\n").dropFirst().joined(separator: "\n")
      .replacing("<meta ", with: "<meta/><x ").replacing("initial-scale=1\">", with: "initial-scale=1\"/>")
    #expect(!body.contains("http://") && !body.contains("https://") && !body.contains("<script"))
    #expect(!body.contains("src=") && !body.contains("@import") && !body.contains("url("))
    var open: [Substring] = []
    for tag in body.matches(of: /<(\/?)([a-z0-9]+)[^>]*?(\/?)>/)
    where tag.3.isEmpty && tag.2 != "meta" && tag.2 != "x" {
      if tag.1.isEmpty {
        open.append(tag.2)
      } else {
        #expect(open.popLast() == tag.2)
      }
    }
    #expect(open.isEmpty)
  }

  @Test
  func theSameInputsGiveTheSamePage() throws {
    try prepare()
    let arguments = ["report", "plan", "--stats", "stats", "--eval", "eval.json", "-o"]
    for name in ["first", "second"] {
      let outcome = try run(arguments + [name])
      #expect(outcome.code == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    }
    #expect(try place.data("first") == place.data("second"))
    let page = try place.text("first")
    try expectWellFormed(page)
    for section in ["accuracy", "ranges", "histograms", "scales", "size", "origin"] {
      #expect(page.contains("<section id=\"\(section)\">"), "\(section)")
    }
    for text in [
      "&lt;one&gt;.txt, 1024 tokens", "layers.0.mixer.u", "layers.1.mixer.y_rotated", "0.00150 ± 0.00010",
      "no limits were set", "16 to 511",
      "digest.model", "quamba compile MODEL -o plan --recipe quamba-smooth --stats stats",
    ] {
      #expect(page.contains(text), "\(text)")
    }
  }

  @Test
  func theVerdictHoldsValuesAgainstLimits() throws {
    try prepare()
    let arguments = ["report", "plan", "--eval", "eval.json", "-o", "page"]
    #expect(try run(arguments + ["--max-kl", "0.0018"]).code == 0)
    #expect(try place.text("page").contains("<p class=\"verdict good\">"))
    #expect(try run(arguments + ["--max-kl", "0.0016"]).code == 0)
    let beyond = try place.text("page")
    #expect(beyond.contains("<p class=\"verdict bad\">") && beyond.contains("beyond the limit (KL 0.00160)"))
    #expect(try run(arguments + ["--max-kl", "0.0018", "--max-increase", "0.2"]).code == 0)
    #expect(try place.text("page").contains("<p class=\"verdict bad\">"))
    #expect(try run(["report", "plan", "-o", "page"]).code == 0)
    let alone = try place.text("page")
    try expectWellFormed(alone)
    #expect(alone.contains("was not measured") && !alone.contains("id=\"ranges\""))
  }

  @Test
  func compileWritesThePage() throws {
    let name = "<b>&'\".qplan"
    let arguments = ["compile", Self.model, "-o", name, "--report", "page"] + Fixtures.little
    #expect(try run(arguments).code == 0)
    let page = try place.text("page")
    try expectWellFormed(page)
    #expect(page.contains("<title>&lt;b&gt;&amp;&#39;&quot;.qplan: quantization report</title>"))
    #expect(
      page.contains("of the checkpoint’s") && page.contains("id=\"ranges\"") && !page.contains("seconds"))
    #expect(try run(arguments).code == 0)
    #expect(try place.text("page") == page)
    #expect(try run(arguments + ["--timings"]).code == 0)
    #expect(try place.text("page").contains("calibrate"))
    let float = try run(["compile", Self.model, "-o", "float", "--recipe", "float32", "--report", "page"])
    #expect(float.code == 0, "\(float.errors)")
    try expectWellFormed(try place.text("page"))
  }

  @Test
  func wrongInputsAreRefused() throws {
    try prepare()
    try place.write("page", "old")
    let other = try run(["calibrate", Self.model, "-o", "other", "--samples", "3", "--seq-len", "32"])
    #expect(other.code == 0)
    let mismatch = try run(["report", "plan", "--stats", "other", "-o", "page"])
    #expect(mismatch.code == 65 && mismatch.errorCodes == ["statistics-mismatch"], "\(mismatch.errors)")
    try place.write("eval.json", #"{"tokens": 3}"#)
    let incomplete = try run(["report", "plan", "--eval", "eval.json", "-o", "page"])
    #expect(incomplete.code == 65 && incomplete.errorCodes == ["bad-json"], "\(incomplete.errors)")
    #expect(incomplete.errors.contains("eval.json: $") && incomplete.errors.contains("\"windows\""))
    let missing = try run(["report", "nowhere", "-o", "page"])
    #expect(missing.code == 66 && missing.errorCodes == ["missing-file"])
    #expect(try place.text("page") == "old")
  }
}
