import Foundation
import JSONText
import Testing

/// What `compare` prints, and what it refuses.
@Suite(.serialized)
struct CompareTests {
  private let place: TemporaryDirectory

  init() throws { place = try TemporaryDirectory() }

  private func run(_ arguments: [String]) throws -> Outcome {
    try Program.quamba.run(
      ["compare"] + arguments + ["--window", "64", "--windows", "2", "--progress", "none"],
      directory: place.path)
  }

  @Test
  func theWorstComesFirst() throws {
    let plan = try Fixtures.plans.plan(Fixtures.example, "naive")
    let options = [Fixtures.example, plan, "--text", Fixtures.text]
    func ratios(_ order: String, _ kind: String) throws -> [Double] {
      let outcome = try run(options + ["--json", "--sort", order])
      try #require(outcome.code == 0, "\(outcome.errors)")
      let document = JSONCursor(try JSONText.parse(outcome.output))
      #expect(try document["unmatched"].array().isEmpty)
      // What is exact has no ratio.
      return try document["taps"].array().map { tap in
        let ratio = try tap[kind]["sqnr_db"]
        return ratio.isNull ? .infinity : try ratio.double()
      }
    }
    let alone = try ratios("alone", "alone")
    #expect(alone == alone.sorted() && alone.count > 80)
    let accumulated = try ratios("accumulated", "accumulated")
    #expect(accumulated == accumulated.sorted() && accumulated.count == alone.count)
    #expect(try ratios("plan", "alone") != alone)
    let table = try run(options + ["--top", "3"])
    #expect(table.output.contains("\(alone.count - 3) more tensors"), "\(table.output)")
    let layers = try run(options + ["--layers"])
    #expect(layers.output.split(separator: "\n").count == 9 && layers.output.contains("layers.7.residual"))
  }

  /// What smoothing divided before the codes is multiplied again before it is compared; `smooth` smooths dt_low too.
  @Test(arguments: ["quamba-smooth", "smooth"])
  func smoothedTensorsAreComparedAsTheyWere(_ recipe: String) throws {
    let plan = try Fixtures.plans.plan(Fixtures.example, recipe)
    let outcome = try run([Fixtures.example, plan, "--text", Fixtures.text, "--json"])
    try #require(outcome.code == 0, "\(outcome.errors)")
    let taps = try JSONCursor(try JSONText.parse(outcome.output))["taps"].array()
    #expect(taps.count > 80)
    for tap in taps {
      let (name, ratio) = (try tap["tensor"].string(), try tap["alone"]["sqnr_db"])
      // What is exact has no ratio. The plan is calibrated on little text, so ratios are low; without the factors they
      // would be around 0 dB.
      if !ratio.isNull { #expect(try ratio.double() > 3, "\(name)") }
    }
  }

  @Test
  func anOutlierIsNamedWhereItHurts() throws {
    let copy = try ModelCopy(of: Fixtures.example, in: place.path)
    try copy.editTensors { tensors in
      for index in tensors.indices where tensors[index].name == "backbone.layers.3.norm.weight" {
        // Times 2^7, in the exponent of a bfloat16 number.
        tensors[index].bytes[2 * 100] ^= 0x80
        tensors[index].bytes[2 * 100 + 1] += tensors[index].bytes[2 * 100] & 0x80 == 0 ? 4 : 3
      }
    }
    let plan = place.path("plan")
    let compiled = try Program.quamba.run(
      ["compile", copy.directory, "-o", plan, "--recipe", "naive"] + Fixtures.little)
    #expect(compiled.code == 0, "\(compiled.errors)")
    let outcome = try run([copy.directory, plan, "--text", Fixtures.text, "--top", "100"])
    #expect(
      outcome.output.contains("its input layers.3.norm has an outlier channel 100: "), "\(outcome.output)")
    #expect(outcome.output.contains("rotation or smoothing"))
  }

  @Test
  func whatCannotBeCompared() throws {
    let plan = try Fixtures.plans.plan(Fixtures.example, "naive")
    try place.write("short.txt", "Too short.")
    let refusals: [([String], Int32, String)] = [
      ([Fixtures.model("mamba-f32"), plan, "--text", Fixtures.text], 64, "another model"),
      ([Fixtures.example, plan, "--text", "short.txt"], 65, "window of 64"),
      ([Fixtures.example, "missing", "--text", Fixtures.text], 66, "missing"),
      (["missing", plan, "--text", Fixtures.text], 66, "missing"),
    ]
    for (arguments, code, word) in refusals {
      let outcome = try run(arguments)
      #expect(outcome.code == code && outcome.errorCodes.count == 1, "\(outcome.errors)")
      #expect(outcome.errors.contains(word) && outcome.output.isEmpty, "\(outcome.errors)")
    }
    let zero = try run([Fixtures.example, plan, "--text", Fixtures.text, "--top", "0"])
    #expect(zero.code == 64)
  }
}
