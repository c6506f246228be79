import Foundation
import JSONText
import Testing

/// Texts, token ids and gates.
@Suite(.serialized)
struct TextTests {
  private let place: TemporaryDirectory

  init() throws { place = try TemporaryDirectory() }

  private func expect(
    _ arguments: [String], _ code: Int32, _ kind: String, _ names: [String] = [], input: String = "",
    environment: [String: String] = [:], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let outcome = try Program.quamba.run(
      arguments, environment: environment, directory: place.path, input: input)
    #expect(outcome.code == code, "\(outcome.errors)", sourceLocation: sourceLocation)
    #expect(outcome.errorCodes == [kind], "\(outcome.errors)", sourceLocation: sourceLocation)
    #expect(outcome.hasOnlyFindings, "\(outcome.errors)", sourceLocation: sourceLocation)
    for name in names {
      #expect(outcome.errors.contains(name), "\(name) in\n\(outcome.errors)", sourceLocation: sourceLocation)
    }
  }

  @Test
  func textsThatCannotBeScored() throws {
    let plan = try Fixtures.plans.plan(Fixtures.example)
    try place.write("short.txt", "Too short.")
    try place.write("empty.txt", "")
    try place.write("broken.txt", Data([0x41, 0xFF, 0xFE, 0x42]))
    try place.write("lines.jsonl", "{\"text\": \"fine\"}\n{\"txt\": 1}\nnothing\n")
    try expect(["eval", plan, "--text", "short.txt"], 65, "bad-text", ["window of 512"])
    try expect(["eval", plan, "--text", "empty.txt"], 65, "bad-text", ["empty.txt", "empty"])
    try expect(["eval", plan, "--text", "broken.txt"], 65, "bad-text", ["broken.txt", "UTF-8"])
    try expect(["eval", plan, "--text", "missing.txt"], 66, "missing-file", ["missing.txt"])
    let lines = try Program.quamba.run(["eval", plan, "--text", "lines.jsonl"], directory: place.path)
    #expect(lines.code == 65 && lines.errorCodes == ["bad-text", "bad-text"])
    #expect(lines.errors.contains("line 2") && lines.errors.contains("line 3"))
  }

  @Test(arguments: ["empty", "broken"])
  func textsThatCannotCalibrate(_ name: String) throws {
    try place.write("empty.txt", "")
    try place.write("broken.txt", Data([0x41, 0xFF]))
    try place.write("plan", "old")
    try expect(
      ["compile", Fixtures.example, "-o", "plan", "--text", "\(name).txt"], 65, "bad-text", ["\(name).txt"])
    #expect(try place.text("plan") == "old" && place.names.count == 3)
  }

  @Test
  func gates() throws {
    let plan = try Fixtures.plans.plan(Fixtures.example)
    let eval = [
      "eval", plan, "--text", Fixtures.text, "--windows", "2", "--window", "64", "--baseline",
      Fixtures.example, "--progress", "none",
    ]
    let open = try Program.quamba.run(eval + ["--max-kl", "5", "--max-increase", "100"])
    #expect(open.code == 0 && open.errors.isEmpty, "\(open.errors)")
    try expect(eval + ["--max-kl", "0.0000001"], 1, "gate-failed", ["--max-kl"])
    let both = try Program.quamba.run(eval + ["--max-kl", "0.0000001", "--max-increase=-50"])
    #expect(both.code == 1 && both.errorCodes == ["gate-failed", "gate-failed"])
    #expect(both.output.contains("perplexity"), "results are shown although a gate failed")
    #expect(try Program.quamba.run(["eval", plan, "--text", Fixtures.text, "--max-kl", "1"]).code == 64)
  }

  @Test
  func tokenFilesForLogits() throws {
    let plan = try Fixtures.plans.plan(Fixtures.model("mamba-f32"))
    let wrong: [(String, [String])] = [
      ("[[1, 384]]", ["384"]), ("[[1, 2], [3]]", ["$[1]"]), ("[[]]", ["$[0]"]), ("[]", ["sequence"]),
      ("[1]", ["$[0]"]), ("[[-1]]", ["$[0][0]"]), ("[[1.5]]", ["$[0][0]"]), ("{", ["line"]),
    ]
    for (text, names) in wrong {
      try place.write("tokens.json", text)
      try place.write("logits", "old")
      try expect(
        ["logits", plan, "--tokens", "tokens.json", "-o", "logits"], 65, "bad-text", names + ["hint: "])
      #expect(try place.text("logits") == "old" && place.names == ["logits", "tokens.json"])
    }
  }

  @Test
  func tokenizeBothWays() throws {
    let plan = try Fixtures.plans.plan(Fixtures.example)
    let texts = "\"Hello world\"\n\"\"\n\"caf\\u00e9 \\ud83d\\ude00\\n\"\n"
    for source in [plan, Fixtures.example] {
      let ids = try Program.quamba.run(["tokenize", source], input: texts)
      #expect(ids.code == 0 && ids.output.split(separator: "\n").count == 3, "\(ids.errors)")
      let back = try Program.quamba.run(["tokenize", source, "--decode"], input: ids.output)
      #expect(back.code == 0 && back.output == "\"Hello world\"\n\"\"\n\"café 😀\\n\"\n", "\(back.output)")
    }
    let single = try Program.quamba.run(["tokenize", plan, "--text", "Hello world"])
    #expect(single.output.hasPrefix("[") && single.output.hasSuffix("]\n"))
  }

  @Test
  func badLinesForTokenize() throws {
    let plan = try Fixtures.plans.plan(Fixtures.example)
    try expect(["tokenize", plan], 65, "bad-text", ["line 2", "hint: each line"], input: "\"a\"\nb\n")
    try expect(["tokenize", plan], 65, "bad-text", ["line 1"], input: "[1]\n")
    try expect(["tokenize", plan, "--decode"], 65, "bad-text", ["line 1", "$[1]"], input: "[1,4096]\n")
    let plain = try Fixtures.plans.plan(Fixtures.model("mamba-f32"))
    try expect(["tokenize", plain, "--text", "x"], 66, "missing-file", ["tokenizer"])
  }

  @Test
  func linesForTokenizeThatAreNotUTF8() throws {
    let plan = try Fixtures.plans.plan(Fixtures.example)
    for line in [[0x22, 0xFF, 0xFE, 0x22, 0x0A], [0x22, 0xC3, 0x22]] as [[UInt8]] {
      let outcome = try Program.quamba.run(["tokenize", plan], input: Data("\"a\"\n".utf8) + line)
      #expect(outcome.code == 65 && outcome.errorCodes == ["bad-text"], "\(outcome.errors)")
      #expect(outcome.errors.contains("line 2") && outcome.output.split(separator: "\n").count == 1)
    }
    let long = String(repeating: "word ", count: 40_000)
    let outcome = try Program.quamba.run(["tokenize", plan], input: "\"\(long)\"\r\n\"end\"")
    #expect(outcome.code == 0 && outcome.output.split(separator: "\n").count == 2, "\(outcome.errors)")
  }

  @Test
  func textsOfTheIRThatAreNotUTF8() throws {
    try place.write("broken.ir", Data("quamba-ir 1\narchitecture \"".utf8) + [0xFF, 0x22, 0x0A])
    try expect(["ir", "diff", "broken.ir", "broken.ir"], 65, "bad-ir-text", ["broken.ir", "UTF-8"])
  }

  @Test
  func aTextOfTheIRThatIsNoneIsNamed() throws {
    let dumped = try Program.quamba.run(["ir", "dump", Fixtures.model("tiny"), "-o", place.path("good.ir")])
    #expect(dumped.code == 0, "\(dumped.errors)")
    try place.write("bad.ir", try place.text("good.ir") + "?\n")
    for files in [["good.ir", "bad.ir"], ["bad.ir", "good.ir"]] {
      try expect(["ir", "diff"] + files, 65, "bad-ir-text", ["error[bad-ir-text]: bad.ir: "])
    }
  }

  @Test
  func idsBeyondTheVocabularyNameTheirFile() throws {
    try place.write("far.jsonl", "{\"ids\": [1, 384, 2]}")
    let model = Fixtures.model("mamba-f32")
    let words = ["far.jsonl: token id 384 is not below the vocabulary of 384"]
    try expect(["calibrate", model, "-o", "x", "--text", "far.jsonl"], 65, "bad-text", words)
  }

  @Test
  func tokenizersToEvaluateWith() throws {
    let eval = ["--text", Fixtures.text, "--windows", "1", "--window", "16", "--progress", "none"]
    let copy = try ModelCopy(of: Fixtures.example, in: place.path)
    try copy.edit("tokenizer.json") { $0["truncation"] = ["max_length": 5] }
    let plan = try Fixtures.plans.plan(Fixtures.example)
    let noted = try Program.quamba.run(["eval", plan, "--baseline", copy.directory, "--bos"] + eval)
    #expect(noted.code == 0 && noted.errors.contains("$.truncation"), "\(noted.errors)")
    try copy.edit("config.json") { $0["bos_token_id"] = nil }
    try copy.edit("tokenizer_config.json") { $0["bos_token"] = nil }
    try copy.edit("tokenizer.json") { $0["truncation"] = nil }
    let other = copy.directory
    try expect(["eval", other, "--bos"] + eval, 64, "bad-option", ["--bos", "hint: "])
    try expect(
      ["eval", plan, "--baseline", other] + eval, 64, "bad-option",
      ["--baseline", "the baseline has another tokenizer"])
  }

  @Test
  func idsAndPromptsToRun() throws {
    let plan = try Fixtures.plans.plan(Fixtures.model("mamba-f32"))
    try expect(["run", plan, "--ids", "384"], 65, "bad-text", ["384", "hint: "])
    try expect(["run", plan, "--ids", "1,x"], 64, "bad-option", ["'x'", "--ids"])
    try expect(["run", plan, "--ids", ""], 64, "bad-option", ["--ids"])
    try expect(["run", plan, "--prompt", "text"], 66, "missing-file", ["tokenizer", "hint: "])
    try expect(["run", Fixtures.example, "--prompt", ""], 65, "bad-text", ["no tokens", "hint: "])
  }

  @Test
  func aModelDirectoryRunsAsItsFloatPlan() throws {
    let plan = try Fixtures.plans.plan(Fixtures.example, "float32")
    let prompt = ["--prompt", "The house", "-n", "6"]
    let direct = try Program.quamba.run(["run", Fixtures.example] + prompt)
    #expect(direct.code == 0 && direct.output.hasPrefix("The house "), "\(direct.errors)")
    #expect(try Program.quamba.run(["run", plan] + prompt).output == direct.output)
    #expect(try "The house" + Program.quambaRun.run([plan] + prompt).output == direct.output)
  }
}
