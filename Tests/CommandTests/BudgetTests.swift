import Foundation
import JSONText
import Testing

/// Which weights have four bits and which eight.
@Suite(.serialized)
struct BudgetTests {
  private static let model = Fixtures.model("mamba-f32")
  /// The weights that quamba-w4 gives four bits.
  private static let weights = (0..<3).flatMap { layer in
    ["in_proj", "out_proj"].map { "layers.\(layer).mixer.\($0).weight" }
  }

  private let place: TemporaryDirectory

  init() throws {
    place = try TemporaryDirectory()
    let made = try Program.quamba.run(
      ["calibrate", Self.model, "-o", place.path("stats"), "--samples", "4", "--seq-len", "64"])
    try #require(made.code == 0, "\(made.errors)")
    let ids = (0..<300).map { "\(($0 * 37 + $0 / 7) % 90)" }.joined(separator: ",")
    try place.write("text.jsonl", "{\"ids\": [\(ids)]}")
  }

  private func run(_ arguments: [String]) throws -> Outcome {
    try Program.quamba.run(arguments, directory: place.path)
  }

  private func compile(_ options: [String], to plan: String = "plan") throws -> Outcome {
    try run(["compile", Self.model, "-o", plan, "--stats", "stats", "--recipe", "quamba-w4"] + options)
  }

  /// An analysis in which only some weights cost anything.
  private func write(_ costs: [String: Double]) throws {
    let text = try run([
      "analyze", Self.model, "--text", "text.jsonl", "--stats", "stats", "--window", "64", "--windows", "1",
      "--recipe", "quamba-w4", "--json",
    ])
    try #require(text.code == 0, "\(text.errors)")
    let digest = try JSONCursor(try JSONText.parse(text.output))["digests"]["model"].string()
    let entries = Self.weights.map { "{\"tensors\": [\"\($0)\"], \"cost\": \(costs[$0] ?? 0)}" }
    try place.write(
      "costs.json",
      "{\"digests\": {\"model\": \"\(digest)\"}, \"four_bits\": {\"weights\": [\(entries.joined(separator: ","))]}}"
    )
  }

  /// Weights with eight bits by the rules of a plan's recipe.
  private func wide(_ plan: String = "plan") throws -> [String] {
    let inspected = try run(["inspect", plan, "--json"])
    try #require(inspected.code == 0, "\(inspected.errors)")
    return try JSONCursor(try JSONText.parse(inspected.output))["recipe"]["set"].array().compactMap { rule in
      try rule.optional("bits")?.int() == 8 ? try rule["tensors"].string() : nil
    }
  }

  /// Bits a weight of the linear layers and the embedding, by what a dry run foretells of the checkpoint's tensors.
  private func bits(_ options: [String]) throws -> Double {
    let outcome = try run(
      ["compile", "--dry-run", "--json", Self.model, "--stats", "stats", "--recipe", "quamba-w4"] + options)
    try #require(outcome.code == 0, "\(outcome.errors)")
    var (bytes, weights) = (0, 0)
    for tensor in try JSONCursor(try JSONText.parse(outcome.output))["tensors"].array() {
      let name = try tensor["name"].string()
      guard name.hasSuffix("proj.weight") || name.contains("embed") else { continue }
      bytes += try tensor["planned_bytes"].int()
      let count = try tensor["shape"].array().reduce(1) { $0 * (try $1.int()) }
      weights += name.contains("embed") ? 2 * count : count
    }
    return Double(bytes) * 8 / Double(weights)
  }

  private static func eight(_ weights: [String]) -> [String] {
    weights.flatMap { ["--set", "\($0).bits=8"] }
  }

  @Test
  func costsAreThoseOfPlansBySet() throws {
    let outcome = try run([
      "analyze", Self.model, "--text", "text.jsonl", "--stats", "stats", "--window", "64", "--windows", "4",
      "--recipe", "quamba-w4", "--save", "analysis.json",
    ])
    #expect(outcome.code == 0 && outcome.output.contains("four bits for"), "\(outcome.errors)")
    let found = try JSONCursor(try JSONText.parse(try place.text("analysis.json")))["four_bits"]
    let weights = try found["weights"].array()
    #expect(try weights.map { try $0["tensors"][0].string() } == Self.weights)
    let (without, size) = try score(Self.eight(Self.weights))
    #expect(try found["without"]["kl"].double() == without)
    let (alone, smaller) = try score(Self.eight(Self.weights.filter { $0 != Self.weights[3] }))
    #expect(try weights[3]["kl"].double() == alone)
    #expect(try abs(weights[3]["cost"].double() - (alone - without)) < 1e-12)
    let bytes = try weights[3]["bytes"].int()
    // The header region, with the recipe in it, differs too.
    #expect(abs(bytes - (size - smaller)) < 1024 && bytes > 0)
    #expect(alone > without)
    // Only an analysis by the recipe of the compile is used; what it passes over may differ.
    let budget = ["--budget", "32bpw", "--sensitivities", "analysis.json"]
    #expect(try compile(budget).code == 0)
    #expect(try compile(budget + ["--recipe", "nearest.json"]).code == 0)
    let other = try compile(budget + ["--keep", "layers.0.*"])
    #expect(other.code == 65 && other.errorCodes == ["statistics-mismatch"], "\(other.errors)")
    #expect(other.errors.contains("analysis.json: the analysis is by another recipe"), "\(other.errors)")
  }

  /// KL and size of a plan with nearest codes.
  private func score(_ options: [String]) throws -> (divergence: Double, bytes: Int) {
    let nearest = #"{"name": "nearest", "base": "quamba-w4", "weights": {"rounding": "nearest"}}"#
    try place.write("nearest.json", nearest)
    let compiled = try run(
      ["compile", Self.model, "-o", "plan", "--stats", "stats", "--recipe", "nearest.json"] + options)
    try #require(compiled.code == 0, "\(compiled.errors)")
    let scored = try run([
      "eval", "plan", "--text", "text.jsonl", "--baseline", Self.model, "--window", "64", "--windows", "4",
      "--json",
    ])
    try #require(scored.code == 0, "\(scored.errors)")
    let divergence = try JSONCursor(try JSONText.parse(scored.output))["texts"][0]["score"]["kl"].double()
    return (divergence, try Data(contentsOf: URL(fileURLWithPath: place.path("plan"))).count)
  }

  @Test
  func bestWeightsOfTheBudgetGetEightBits() throws {
    // An in_proj is twice as large as an out_proj, so that it must cost twice as much to be as good.
    let costs = [
      Self.weights[0]: 0.003, Self.weights[1]: 0.001, Self.weights[3]: 0.002, Self.weights[4]: 0.0001,
    ]
    try write(costs)
    let order = [Self.weights[3], Self.weights[0], Self.weights[1], Self.weights[4]]
    for count in 0...order.count {
      let chosen = Array(order.prefix(count))
      let budget = try bits(Self.eight(chosen)) + 1e-6
      let outcome = try compile(["--budget", "\(budget)bpw", "--sensitivities", "costs.json"])
      #expect(outcome.code == 0 && outcome.errors.contains("note[bit-budget]"), "\(outcome.errors)")
      #expect(try wide() == chosen)
    }
    // What costs nothing keeps four bits, whatever the budget.
    #expect(try compile(["--budget", "32bpw", "--sensitivities", "costs.json"]).code == 0)
    #expect(try wide() == order)
    // A budget that is a little short of the second weight leaves enough for the third, which is smaller.
    let short = try bits(Self.eight(Array(order.prefix(2)))) - 1e-6
    #expect(try compile(["--budget", "\(short)bpw", "--sensitivities", "costs.json"]).code == 0)
    #expect(try wide() == [order[0], order[2]])
    // The plan's own recipe gives the same constants.
    let again = try compile(Self.eight([order[0], order[2]]), to: "again")
    #expect(again.code == 0, "\(again.errors)")
    #expect(try place.data("plan") == place.data("again"))
  }

  @Test
  func costsAreMeasuredWhereNoneAreGiven() throws {
    let budget = try bits(Self.eight(Array(Self.weights.prefix(3)))) + 1e-6
    for plan in ["one", "two"] {
      let outcome = try compile(["--budget", "\(budget)bpw"], to: plan)
      #expect(outcome.code == 0 && outcome.errors.contains("note[bit-budget]"), "\(outcome.errors)")
    }
    #expect(try !wide("one").isEmpty)
    #expect(try place.data("one") == place.data("two"))
    #expect(try bits(Self.eight(try wide("one"))) <= budget)
  }

  @Test
  func wrongUseIsRefused() throws {
    try write([:])
    func refused(_ options: [String], _ code: Int32, _ error: String) throws {
      let outcome = try compile(options)
      #expect(outcome.code == code && outcome.errors.contains(error), "\(options): \(outcome.errors)")
    }
    for text in ["6", "bpw", "0bpw", "-1bpw", "nanbpw", "33bpw"] {
      try refused(["--budget", text], 64, "--budget")
    }
    try refused(["--sensitivities", "costs.json"], 64, "--budget")
    try refused(["--budget", "2bpw", "--sensitivities", "costs.json"], 64, "error[bad-option]")
    try refused(["--budget", "6bpw", "--recipe", "quamba-smooth"], 64, "error[bad-option]")
    try refused(["--budget", "6bpw", "--dry-run"], 64, "--sensitivities")
    try refused(["--budget", "6bpw", "--sensitivities", "nothing"], 66, "error[missing-file]")
    try refused(["--budget", "6bpw", "--sensitivities", "text.jsonl"], 65, "error[bad-json]")
    // The head is a candidate that this analysis did not measure.
    try refused(
      ["--budget", "8bpw", "--sensitivities", "costs.json", "--set", "logits.weight.bits=4"], 65,
      "error[statistics-mismatch]")
    let other = try place.text("costs.json").replacing(/"model": "[0-9a-f]{64}"/) { _ in "\"model\": \"0\"" }
    try place.write("other.json", other)
    try refused(["--budget", "6bpw", "--sensitivities", "other.json"], 65, "error[statistics-mismatch]")
    try place.write("far.jsonl", "{\"ids\": [1, 384, 2]}")
    let far = try run(["analyze", Self.model, "--text", "far.jsonl", "--stats", "stats"])
    #expect(far.code == 65 && far.errors.contains("far.jsonl: token id 384 is not below"), "\(far.errors)")
  }
}
