import Foundation
import JSONText
import Testing

/// What `eval` prints, against the same computed by numpy, and what it stores.
@Suite(.serialized)
struct EvalTests {
  private let place: TemporaryDirectory

  init() throws { place = try TemporaryDirectory() }

  private static let tasks = ["choices", "last-words"].map {
    Fixtures.package + "/Tests/Fixtures/tasks/\($0).jsonl"
  }

  private func run(_ arguments: [String]) throws -> Outcome {
    try Program.quamba.run(["eval"] + arguments + ["--progress", "none"], directory: place.path)
  }

  private func document(_ arguments: [String]) throws -> JSONCursor {
    let outcome = try run(arguments + ["--json"])
    try #require(outcome.code == 0, "\(outcome.errors)")
    return JSONCursor(try JSONText.parse(outcome.output))
  }

  /// Every number that `expected` has is in `found`, within a millionth.
  private func compare(_ found: JSONCursor, _ expected: JSONCursor) throws {
    switch expected.value {
    case .object:
      for (name, member) in try expected.members() { try compare(try found[name], member) }
    case .array:
      let elements = try expected.array()
      #expect(try found.array().count == elements.count, "\(found.path)")
      for (index, element) in elements.enumerated() { try compare(try found[index], element) }
    case .integer, .number:
      let (value, wanted) = (try found.double(), try expected.double())
      #expect(abs(value - wanted) <= 1e-6 * max(1, abs(wanted)), "\(found.path): \(value), not \(wanted)")
    default: #expect(found.value == expected.value, "\(found.path)")
    }
  }

  @Test("every figure is what numpy computes from the logits")
  func independentFigures() throws {
    let data = try Data(
      contentsOf: URL(
        fileURLWithPath: Fixtures.package + "/Tests/Oracles/expected/eval_statistics.json"))
    let expected = JSONCursor(try JSONText.parse([UInt8](data)))
    let copy = try ModelCopy(of: Fixtures.example, in: place.path)
    let zeroed = try expected["zero"].string()
    try copy.editTensors { tensors in
      for index in tensors.indices where tensors[index].name == zeroed {
        tensors[index].bytes = tensors[index].bytes.map { _ in 0 }
      }
    }
    let found = try document(
      [
        copy.directory, "--baseline", Fixtures.example, "--text", Fixtures.text, "--window", "96",
        "--windows", "5",
      ] + Self.tasks.flatMap { ["--tasks", $0] })
    try compare(try found["texts"][0]["score"], try expected["text"])
    for index in Self.tasks.indices {
      try compare(try found["tasks"][index]["scores"], try expected["tasks"][index])
    }
  }

  @Test
  func severalTextsAreScoredOneByOne() throws {
    try place.write("a.jsonl", "{\"ids\": [1, 2, 3, 4, 5, 6, 7, 8, 9]}\n")
    try place.write("b.jsonl", "{\"ids\": [9, 8, 7, 6, 5]}\n")
    let plan = try Fixtures.plans.plan(Fixtures.model("mamba-f32"))
    let options = [plan, "--window", "2", "--baseline", Fixtures.model("mamba-f32")]
    let both = try document(options + ["--text", "a.jsonl", "--text", "b.jsonl"])
    for (index, name) in ["a.jsonl", "b.jsonl"].enumerated() {
      let alone = try document(options + ["--text", name])
      #expect(try both["texts"][index]["file"].string() == name)
      #expect(try both["texts"][index].value == alone["texts"][0].value)
    }
    let table = try run(options + ["--text", "a.jsonl", "--text", "b.jsonl", "--positions"])
    for name in ["a.jsonl\n", "b.jsonl\n", "Mean KLD", "99.9% KLD", "Median Δp", "RMS Δp", "Same top p"] {
      #expect(table.output.contains(name), "\(name) in\n\(table.output)")
    }
    let gate = try run(options + ["--text", "a.jsonl", "--text", "b.jsonl", "--max-kl", "0"])
    #expect(gate.errorCodes == ["gate-failed", "gate-failed"] && gate.errors.contains("b.jsonl"))
  }

  @Test
  func saturationByPosition() throws {
    let plan = try Fixtures.plans.plan(Fixtures.example)
    let options = [plan, "--text", Fixtures.text, "--window", "100", "--windows", "2", "--score-from", "20"]
    let score = try document(options + ["--saturation"])["texts"][0]["score"]
    #expect(try document(options)["texts"][0]["score"]["perplexity"].value == score["perplexity"].value)
    let classes = try score["saturation"].array()
    #expect(
      Set(try classes.map { try $0["class"].string() }).isSuperset(of: ["x", "z", "u", "dt", "b", "c"]))
    for tensors in classes {
      let positions = try tensors["positions"].array()
      #expect(try positions.map { try $0["from"].int() } == [20, 32, 64])
      #expect(try positions.map { try $0["to"].int() } == [32, 64, 100])
      // The whole is the mean of the parts, by the positions in each.
      let mean = try zip(positions, [12.0, 32, 36]).reduce(0) { try $0 + $1.0["share"].double() * $1.1 } / 80
      #expect(abs(try tensors["share"].double() - mean) < 1e-12)
      #expect(try tensors["worst_share"].double() >= tensors["share"].double())
    }
    let share = try #require(try classes.first?["share"].double())
    #expect(share > 0 && share < 0.1, "calibration on little text leaves some values beyond the range")
  }

  @Test
  func aStoredBaselineStandsForThePlan() throws {
    let plan = try Fixtures.plans.plan(Fixtures.example)
    try place.write(
      "end.txt", String(try String(contentsOfFile: Fixtures.text, encoding: .utf8).suffix(9000)))
    let options = ["--text", Fixtures.text, "--text", "end.txt", "--window", "64", "--windows", "4"]
    let direct = try document([plan, "--baseline", Fixtures.example] + options)
    let saved = try run([Fixtures.example, "--save-baseline", "base"] + options)
    #expect(saved.code == 0 && saved.errors.contains("note[output-size]: base: "), "\(saved.errors)")
    let again = try run(
      [plan, "--baseline", Fixtures.example, "--save-baseline", "again"] + options)
    #expect(try again.code == 0 && place.data("again") == place.data("base"))
    let stored = try document([plan, "--baseline", "base"] + options)
    for index in 0..<2 {
      let (first, second) = (try direct["texts"][index]["score"], try stored["texts"][index]["score"])
      for name in ["perplexity", "increase", "increase_se", "delta_p", "delta_p_rms", "top_token_agreement"] {
        #expect(try first[name].value == second[name].value, "\(name) is stored exactly")
      }
      #expect(abs(try first["kl"].double() - second["kl"].double()) < 1e-6)
    }
    // One of its texts may be evaluated alone.
    let alone = try document([plan, "--baseline", "base"] + options[2...])
    #expect(try alone["texts"][0].value == stored["texts"][1].value)
  }

  @Test
  func storedBaselinesOfSomethingElse() throws {
    let plan = try Fixtures.plans.plan(Fixtures.model("mamba-f32"))
    try place.write("a.jsonl", "{\"ids\": [1, 2, 3, 4, 5, 6, 7, 8, 9]}\n")
    try place.write("b.jsonl", "{\"ids\": [1, 2, 3, 4, 5, 6, 7, 9, 8]}\n")
    let options = ["--window", "4", "--text"]
    #expect(try run([plan, "--save-baseline", "base"] + options + ["a.jsonl"]).code == 0)
    func refusal(_ arguments: [String], _ kind: String, _ word: String) throws {
      let outcome = try run(arguments)
      #expect(outcome.errorCodes == [kind] && outcome.errors.contains("  hint: "), "\(outcome.errors)")
      #expect(outcome.errors.contains(word) && outcome.output.isEmpty, "\(outcome.errors)")
    }
    let compared = [plan, "--baseline", "base"]
    #expect(try run(compared + options + ["a.jsonl"]).code == 0)
    try refusal(compared + options + ["b.jsonl"], "baseline-mismatch", "another text")
    try refusal(compared + ["--window", "2", "--text", "a.jsonl"], "baseline-mismatch", "window (4, not 2)")
    try refusal(
      compared + ["--score-from", "1"] + options + ["a.jsonl"], "baseline-mismatch", "score_from (0, not 1)")
    try refusal(
      compared + ["--windows", "1"] + options + ["a.jsonl"], "baseline-mismatch", "number of windows")
    let other = try Fixtures.plans.plan(Fixtures.example)
    try refusal([other] + compared[1...] + options + ["a.jsonl"], "baseline-mismatch", "another tokenizer")
    try refusal(compared + ["--tasks", Self.tasks[0]] + options + ["a.jsonl"], "missing-file", "tokenizer")
    var bytes = try place.data("base")
    bytes[bytes.count - 100] ^= 1
    try place.write("base", bytes)
    try refusal(compared + options + ["a.jsonl"], "bad-baseline", "digest")
    try place.write("base", bytes.prefix(bytes.count - 8))
    try refusal(compared + options + ["a.jsonl"], "bad-baseline", "base")
    let model = Fixtures.model("mamba-f32") + "/model.safetensors"
    try refusal([plan, "--baseline", model] + options + ["a.jsonl"], "bad-baseline", "no baseline")
  }

  @Test
  func tasksThatCannotBeAnswered() throws {
    let plan = try Fixtures.plans.plan(Fixtures.example)
    let lines = [
      #"{"context": "a", "choices": ["b"], "answer": 1}"#, #"{"context": "a", "choices": ["b"]}"#,
      #"{"context": "", "choices": ["b", "c"], "answer": 0}"#, #"{"context": "a", "target": ""}"#,
      #"{"text": "word"}"#, #"{"text": 1}"#, "text",
    ]
    try place.write("wrong.jsonl", lines.joined(separator: "\n"))
    let wrong = try run([plan, "--tasks", "wrong.jsonl"])
    #expect(wrong.code == 65 && wrong.errorCodes == lines.map { _ in "bad-text" }, "\(wrong.errors)")
    for number in lines.indices { #expect(wrong.errors.contains("line \(number + 1): ")) }
    let many = (0...1000).map { "\"c\($0)\"" }.joined(separator: ", ")
    try place.write("many.jsonl", "{\"context\": \"a\", \"choices\": [\(many)], \"answer\": 0}")
    let crowded = try run([plan, "--tasks", "many.jsonl"])
    #expect(crowded.code == 65 && crowded.errorCodes == ["bad-text"], "\(crowded.errors)")
    #expect(crowded.errors.contains("there are 1001 choices; at most 1000 are read"), "\(crowded.errors)")
    // With a beginning-of-text token before it an empty context will do.
    try place.write("empty.jsonl", lines[2])
    let begun = try run([plan, "--tasks", "empty.jsonl", "--bos"])
    #expect(begun.code == 0 && begun.output.contains("acc_norm"), "\(begun.errors)")
    for arguments in [[plan], [plan, "--tasks", Self.tasks[0], "--max-kl", "1"]] {
      #expect(try run(arguments).code == 64)
    }
  }
}
