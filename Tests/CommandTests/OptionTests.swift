import Foundation
import JSONText
import Testing

/// Options that cannot be used, help texts and JSON outputs.
@Suite(.serialized)
struct OptionTests {
  private static let model = Fixtures.model("mamba-f32")

  @Test(arguments: [
    (["--recipe", "best"], ["'best'", "hint: recipes: float32, naive, smooth, quarot, quamba"]),
    (["--recipe", "qamba-chanel"], ["hint: did you mean 'quamba-channel'? recipes: float32, naive, smooth"]),
    (["--percentile", "101"], ["'101'", "--percentile"]), (["--percentile", "0"], ["'0'"]),
    (["--percentile", "nan"], ["'nan'"]), (["--percentile", "most"], ["'most'", "search"]),
  ])
  func badRecipes(_ options: [String], _ names: [String]) throws {
    let outcome = try Program.quamba.run(["compile", Self.model, "-o", "/nowhere/plan"] + options)
    #expect(outcome.code == 64 && outcome.errorCodes == ["bad-option"], "\(outcome.errors)")
    for name in names { #expect(outcome.errors.contains(name), "\(outcome.errors)") }
  }

  @Test(arguments: [
    (["--keep", "a b"], ["'a b'", "--keep"]), (["--set", "u"], ["'u'", "PATTERN.clip="]),
    (["--set", "*.u.clip=most"], ["--set", "percentile:P"]), (["--set", "*.u.shape=1"], ["PATTERN.scales="]),
    (["--set", "clip=maximum"], ["says nothing"]), (["--set", ".clip=maximum"], ["''"]),
  ])
  func badPatterns(_ options: [String], _ names: [String]) throws {
    let outcome = try Program.quamba.run(["compile", "--print-recipe"] + options)
    #expect(outcome.code == 64 && outcome.errorCodes == ["bad-option"], "\(outcome.errors)")
    for name in names { #expect(outcome.errors.contains(name), "\(outcome.errors)") }
  }

  @Test
  func singleTensors() throws {
    let place = try TemporaryDirectory()
    let command = ["compile", Self.model, "-o", place.path("plan"), "--keep"]
    let wrong = try Program.quamba.run(command + ["layers.0.mixer.in_prj.weight"])
    #expect(wrong.code == 65 && wrong.errorCodes == ["bad-recipe"], "\(wrong.errors)")
    #expect(
      wrong.errors.contains("hint: the nearest names: layers.0.mixer.in_proj.weight, "), "\(wrong.errors)")
    let options = ["layers.0.*", "--keep", "*.conv1d.weight", "--set", "*.u.clip=percentile:99.5"]
    let outcome = try Program.quamba.run(command + options + Fixtures.little)
    #expect(outcome.code == 0, "\(outcome.errors)")
    #expect(
      outcome.errors.contains(
        "warning[bad-recipe]: keep: '*.conv1d.weight' matches only tensors that stay float"))
    let plan = try Program.quamba.run(["inspect", place.path("plan"), "--json"])
    let recipe = try JSONCursor(try JSONText.parse(plan.output))["recipe"]
    #expect(try recipe["keep"].array().map { try $0.string() } == ["layers.0.*", "*.conv1d.weight"])
    #expect(try recipe["set"][0]["clip"].string() == "percentile:99.5")
  }

  @Test
  func aRecipeIsPrinted() throws {
    let place = try TemporaryDirectory()
    let printed = try Program.quamba.run(["compile", "--print-recipe", "--percentile", "99.5"])
    #expect(printed.code == 0 && printed.errors.isEmpty, "\(printed.errors)")
    try place.write("mine.json", printed.output)
    let again = try Program.quamba.run(["compile", "--print-recipe", "--recipe", place.path("mine.json")])
    #expect(again.output == printed.output)
    #expect(printed.output.contains("percentile:99.5") && printed.output.contains("quamba-smooth"))
  }

  /// A recipe of the user's own is carried out, and stored as it was carried out.
  @Test
  func aRecipeFromAFile() throws {
    let place = try TemporaryDirectory()
    try place.write("mine.json", "{\"name\": \"mine\", \"base\": \"naive\", \"embedding\": \"int8\"}")
    let recipe = ["--recipe", place.path("mine.json")]
    let outcome = try Program.quamba.run(
      ["compile", Self.model, "-o", place.path("plan"), "--progress", "none"] + recipe + Fixtures.little)
    #expect(outcome.code == 0 && outcome.output.contains("recipe mine"), "\(outcome.errors)")
    let inspection = try Program.quamba.run(["inspect", place.path("plan"), "--json"])
    let printed = try Program.quamba.run(["compile", "--print-recipe"] + recipe)
    let stored = try JSONCursor(try JSONText.parse(inspection.output))["recipe"].value
    #expect(stored == (try JSONText.parse(printed.output)))
  }

  @Test(arguments: [
    ("{\"name\": \"a\", \"state\": 16, \"wieghts\": {}}", 65, ["bad-recipe", "bad-recipe"]),
    ("{\"name\": \"a\"", 65, ["bad-recipe"]), (nil, 66, ["missing-file"]),
  ])
  func aRecipeFileThatIsWrong(_ text: String?, _ code: Int32, _ codes: [String]) throws {
    let place = try TemporaryDirectory()
    if let text { try place.write("r.json", text) }
    let outcome = try Program.quamba.run(
      ["compile", Self.model, "-o", place.path("plan"), "--recipe", place.path("r.json")])
    #expect(outcome.code == code && outcome.errorCodes == codes, "\(outcome.errors)")
    #expect(outcome.hasOnlyFindings && outcome.errors.contains(place.path("r.json")))
    #expect(try place.names.allSatisfy { $0 == "r.json" })
  }

  @Test
  func anUnknownPass() throws {
    let outcome = try Program.quamba.run(["ir", "dump", Self.model, "--after", "make-faster"])
    #expect(outcome.code == 64 && outcome.errorCodes == ["bad-option"], "\(outcome.errors)")
    #expect(outcome.errors.contains("'make-faster'") && outcome.errors.contains("rotate-scan-output"))
  }

  @Test(arguments: [
    ["compile"], ["compile", model], ["compile", model, "-o", "x", "--threads", "0"], ["nothing"],
    ["compile", model, "-o", "x", "--stats", "s", "--text", "t"],
    ["compile", model, "-o", "x", "--license", "two\nlines"],
    ["calibrate", model, "-o", "x", "--samples", "200001"],
    ["compile", model, "-o", "x", "--samples", "0"], ["compile", model, "-o", "x", "--seq-len", "5000"],
    ["run", "plan"], ["run", "plan", "--ids", "1", "--prompt", "x"],
    ["run", "plan", "--ids", "1", "-n", "-1"], ["run", "plan", "--ids", "1", "-n", "9223372036854775807"],
    ["run", "plan", "--ids", "1", "-n", "1000000001"],
    ["run", "plan", "--ids", "1", "--top-p", "0"], ["verify", "plan", "--level", "deep"],
    ["eval", "plan", "--text", "x", "--progress", "loud"], ["eval", "plan", "--text", "x", "--window", "0"],
    ["eval", "plan", "--text", "x", "--windows", "0"],
    ["eval", "plan", "--text", "x", "--score-from", "512"],
  ])
  func wrongUse(_ arguments: [String]) throws {
    let outcome = try Program.quamba.run(arguments, directory: "/")
    #expect(outcome.code == 64 && outcome.errors.contains("Usage: quamba"), "\(outcome.errors)")
  }

  @Test(arguments: [
    ["run", "PLAN", "--ids", "1"], ["compile", "MODEL", "-o", "OUT"],
    ["compile", "MODEL", "-o", "OUT", "--recipe", "float32"], ["calibrate", "MODEL", "-o", "OUT"],
    ["logits", "PLAN", "--tokens", "TOKENS", "-o", "OUT"], ["verify", "PLAN", "--level", "run"],
    ["eval", "PLAN", "--text", "TEXT", "--window", "2"],
  ])
  func anUnknownInstructionSet(_ arguments: [String]) throws {
    let place = try TemporaryDirectory()
    try place.write("tokens.json", "[[1]]")
    try place.write("text.jsonl", "{\"ids\": [1, 2, 3, 4, 5]}")
    let places = [
      "PLAN": try Fixtures.plans.plan(Self.model), "MODEL": Self.model, "TOKENS": place.path("tokens.json"),
      "TEXT": place.path("text.jsonl"), "OUT": place.path("out"),
    ]
    let outcome = try Program.quamba.run(
      arguments.map { places[$0] ?? $0 }, environment: ["QUAMBA_ISA": "mmx"])
    #expect(outcome.code == 69 && outcome.errorCodes == ["unsupported-processor"], "\(outcome.errors)")
    #expect(outcome.errors.contains("mmx") && outcome.errors.contains("  hint: unset QUAMBA_ISA"))
    #expect(try place.names == ["text.jsonl", "tokens.json"])
  }

  @Test
  func everyCommandHasHelp() throws {
    let root = try Program.quamba.run(["--help"])
    #expect(root.code == 0 && root.output.contains("SUBCOMMANDS:"))
    for command in [
      ["inspect"], ["compile"], ["calibrate"], ["run"], ["eval"], ["compare"], ["logits"], ["tokenize"],
      ["verify"],
      ["ir", "dump"], ["ir", "diff"],
    ] {
      #expect(root.output.contains("  \(command[0]) "))
      let outcome = try Program.quamba.run(command + ["--help"])
      #expect(outcome.code == 0 && outcome.errors.isEmpty)
      try expectEveryOptionIsExplained(outcome.output)
    }
    #expect(try Program.quamba.run(["--version"]).output.hasPrefix("0."))
    #expect(try Program.quambaRun.run(["--help"]).code == 0)
  }

  /// Every line that begins with an option has an explanation beside or below it.
  private func expectEveryOptionIsExplained(_ help: String) throws {
    let lines = help.split(separator: "\n", omittingEmptySubsequences: false)
    for (line, next) in zip(lines, lines.dropFirst()) where line.hasPrefix("  -") || line.hasPrefix("  <") {
      let beside = line.dropFirst(2).split(separator: "  ", omittingEmptySubsequences: true).count > 1
      #expect(beside || next.hasPrefix("                    "), "\(line)")
    }
  }

  @Test(arguments: [
    ["inspect", "MODEL", "--json"], ["inspect", "PLAN", "--json"],
    ["compile", "MODEL", "-o", "OUT", "--json", "--samples", "2", "--seq-len", "16"],
    ["eval", "PLAN", "--text", "TEXT", "--window", "2", "--json"],
    ["eval", "PLAN", "--text", "TEXT", "--window", "2", "--json", "--baseline", "MODEL"],
    ["compare", "MODEL", "PLAN", "--text", "TEXT", "--window", "2", "--json"],
  ])
  func jsonOutputsAreJSON(_ arguments: [String]) throws {
    let place = try TemporaryDirectory()
    try place.write("text.jsonl", "{\"ids\": [1, 2, 3, 4, 5]}")
    let places = [
      "PLAN": try Fixtures.plans.plan(Self.model), "MODEL": Self.model, "TEXT": place.path("text.jsonl"),
      "OUT": place.path("out"),
    ]
    let outcome = try Program.quamba.run(arguments.map { places[$0] ?? $0 })
    #expect(outcome.code == 0 && outcome.hasOnlyFindings, "\(outcome.errors)")
    guard case .object = try JSONText.parse(outcome.output) else {
      Issue.record("no object")
      return
    }
  }

  @Test
  func progressAsJSON() throws {
    let place = try TemporaryDirectory()
    let outcome = try Program.quamba.run(
      ["calibrate", Self.model, "-o", place.path("s"), "--progress", "json"] + Fixtures.little)
    let lines = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("{") }
    #expect(!lines.isEmpty)
    for line in lines { _ = try JSONCursor(try JSONText.parse(String(line)))["remaining_seconds"] }
  }

  @Test
  func resultsThatNobodyCanWriteAreAnError() throws {
    try #require(FileManager.default.fileExists(atPath: "/dev/full"))
    let outcome = try Outcome(
      of: "/bin/sh", ["-c", "\"$0\" inspect \"$1\" > /dev/full", Program.quamba.path, Self.model])
    #expect(outcome.code == 74 && outcome.errorCodes == ["io-failed"], "\(outcome.errors)")
  }
}
