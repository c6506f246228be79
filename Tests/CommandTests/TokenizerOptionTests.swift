import Foundation
import Testing

/// Models without a tokenizer: ids in and out, or a tokenizer from elsewhere.
@Suite(.serialized)
struct TokenizerOptionTests {
  private let place: TemporaryDirectory

  init() throws { place = try TemporaryDirectory() }

  private func run(_ arguments: [String]) throws -> Outcome {
    try Program.quamba.run(arguments, directory: place.path)
  }

  @Test
  func plansWithoutTokenizer() throws {
    let plan = try Fixtures.plans.plan(Fixtures.model("mamba-original"))
    let generated = try run(["run", plan, "--ids", "1,2,3", "-n", "4"])
    let ids = generated.output.split(separator: "\n").first?.split(separator: ",").compactMap { UInt32($0) }
    #expect(generated.code == 0 && ids?.count == 4, "\(generated.output) \(generated.errors)")
    let text = try run(["run", plan, "--prompt", "x"])
    #expect(text.code == 66 && text.errorCodes == ["missing-file"] && text.errors.contains("--ids"))
    let line = "{\"ids\": [" + (0..<40).map { "\($0)" }.joined(separator: ", ") + "]}\n"
    try place.write("ids.jsonl", line)
    try place.write("text.txt", "some text")
    let scored = try run(["eval", plan, "--text", "ids.jsonl", "--window", "16"])
    #expect(scored.code == 0 && scored.output.contains("perplexity"), "\(scored.errors)")
    let unread = try run(["eval", plan, "--text", "text.txt", "--window", "16"])
    #expect(unread.code == 66 && unread.errors.contains("hint: "), "\(unread.errors)")
    let compiled = try run(
      ["compile", Fixtures.model("mamba-original"), "-o", "plan", "--text", "text.txt"])
    #expect(compiled.code == 66 && compiled.errors.contains("--tokenizer"), "\(compiled.errors)")
  }

  @Test
  func aTokenizerFromElsewhere() throws {
    // As many rows as the tokenizer has ids: the example model without its tokenizer, in another folder.
    for name in ["config.json", "model.safetensors"] {
      try FileManager.default.copyItem(atPath: "\(Fixtures.example)/\(name)", toPath: place.path(name))
    }
    let tokenizer = "\(Fixtures.example)/tokenizer.json"
    let bare = try run(["inspect", "."])
    #expect(
      bare.code == 0 && bare.output.contains("tokenizer     none") && bare.errors.contains("--tokenizer"))
    let given = try run(["inspect", ".", "--tokenizer", tokenizer])
    #expect(
      given.code == 0 && given.output.contains("4096 tokens") && given.errors.isEmpty, "\(given.errors)")
    let compiled = try run(
      ["compile", ".", "--tokenizer", tokenizer, "--recipe", "float32", "-o", "plan"])
    #expect(compiled.code == 0, "\(compiled.errors)")
    let ids = try run(["tokenize", "plan", "--text", "Hello world"])
    let expected = try run(["tokenize", Fixtures.example, "--text", "Hello world"])
    #expect(ids.code == 0 && ids.output == expected.output)
    let missing = try run(["inspect", ".", "--tokenizer", "none.json"])
    #expect(missing.code == 66 && missing.errorCodes == ["missing-file"], "\(missing.errors)")
    let small = try run(["inspect", Fixtures.model("mamba-original"), "--tokenizer", tokenizer])
    #expect(small.code == 65 && small.errorCodes == ["bad-tokenizer"], "\(small.errors)")
  }

  @Test
  func aPlanWithoutTokenizerGetsOne() throws {
    for name in ["config.json", "model.safetensors"] {
      try FileManager.default.copyItem(atPath: "\(Fixtures.example)/\(name)", toPath: place.path(name))
    }
    try place.write("text.txt", String(repeating: "It was a dark and stormy night. ", count: 20))
    for (model, plan) in [(place.path, "bare"), (Fixtures.example, "whole")] {
      let compiled = try run(["compile", model, "--recipe", "float32", "-o", plan])
      try #require(compiled.code == 0, "\(compiled.errors)")
    }
    let verbs = [
      ["run", "PLAN", "--prompt", "The old house", "-n", "8"],
      ["tokenize", "PLAN", "--text", "The old house"],
      ["eval", "PLAN", "--text", "text.txt", "--window", "32", "--json"],
      ["eval", "PLAN", "--text", "text.txt", "--window", "32", "--json", "--baseline", "whole"],
      ["compare", Fixtures.example, "PLAN", "--text", "text.txt", "--window", "32", "--json"],
    ]
    for verb in verbs {
      func outcome(_ plan: String, _ options: [String]) throws -> Outcome {
        try run(verb.map { $0 == "PLAN" ? plan : $0 } + options)
      }
      let without = try outcome("bare", [])
      #expect(without.code == 66 && without.errors.contains("--tokenizer"), "\(verb) \(without.errors)")
      let given = try outcome("bare", ["--tokenizer", "\(Fixtures.example)/tokenizer.json"])
      let own = try outcome("whole", [])
      #expect(given.code == 0 && given.output == own.output, "\(verb) \(given.errors)")
    }
    let plan = try Fixtures.plans.plan(Fixtures.model("mamba-original"))
    let small = try run([
      "tokenize", plan, "--tokenizer", "\(Fixtures.example)/tokenizer.json", "--text", "x",
    ])
    #expect(small.code == 65 && small.errorCodes == ["bad-tokenizer"], "\(small.errors)")
  }
}
