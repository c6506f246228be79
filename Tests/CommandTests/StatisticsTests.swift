import Foundation
import JSONText
import Testing

/// Statistics from a file, in place of a calibration.
@Suite(.serialized)
struct StatisticsTests {
  private let place: TemporaryDirectory

  init() throws {
    place = try TemporaryDirectory()
    let outcome = try Program.quamba.run(
      ["calibrate", Fixtures.model("mamba-f32"), "-o", place.path("statistics")] + Fixtures.little)
    try #require(outcome.code == 0, "\(outcome.errors)")
    try place.write("plan", "old")
  }

  @Test
  func ratesAreToldWhenAsked() throws {
    let outcome = try Program.quamba.run(
      ["calibrate", Fixtures.model("mamba-f32"), "-o", place.path("again"), "--limits"] + Fixtures.little)
    #expect(outcome.code == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("tokens a second") && outcome.output.contains("float32 rate"))
    #expect(try place.text("again") == place.text("statistics"))
  }

  private func compile(_ model: String, _ recipe: String = "quamba") throws -> Outcome {
    try Program.quamba.run(
      ["compile", model, "-o", place.path("plan"), "--recipe", recipe, "--stats", place.path("statistics")])
  }

  private func expectRefusal(_ code: String, _ names: [String], model: String = "mamba-f32") throws {
    let outcome = try compile(Fixtures.model(model))
    #expect(outcome.code == 65 && outcome.errorCodes == [code], "\(outcome.errors)")
    for name in names { #expect(outcome.errors.contains(name), "\(outcome.errors)") }
    #expect(try place.text("plan") == "old" && place.names == ["plan", "statistics"])
  }

  @Test(arguments: ["naive", "quamba", "quamba-channel"])
  func theyGiveThePlanThatCalibratingGives(_ recipe: String) throws {
    #expect(try compile(Fixtures.model("mamba-f32"), recipe).code == 0)
    let direct = try Fixtures.plans.plan(Fixtures.model("mamba-f32"), recipe)
    #expect(try place.data("plan") == Data(contentsOf: URL(fileURLWithPath: direct)))
  }

  @Test
  func ofAnotherModel() throws {
    try expectRefusal(
      "statistics-mismatch", ["another model", "hint: calibrate this model anew"], model: "mamba-f16-untied")
  }

  @Test
  func cutShort() throws {
    try place.write("statistics", place.data("statistics").prefix(2000))
    try expectRefusal("bad-statistics", ["statistics: "])
  }

  @Test
  func withANegativeMaximum() throws {
    var object = try JSONCursor(try JSONText.parse(place.text("statistics"))).object()
    guard case .array(var taps)? = object["taps"], case .object(var tap) = taps[0] else {
      Issue.record("no taps")
      return
    }
    tap["channel_maxima"] = "AACAvw=="
    taps[0] = .object(tap)
    object["taps"] = .array(taps)
    try place.write("statistics", JSONText.encode(.object(object)))
    try expectRefusal("bad-statistics", ["$.taps[0].channel_maxima"])
  }

  @Test
  func ofAnotherVersion() throws {
    var object = try JSONCursor(try JSONText.parse(place.text("statistics"))).object()
    object["version"] = 99
    try place.write("statistics", JSONText.encode(.object(object)))
    try expectRefusal("bad-statistics", ["99"])
  }

  @Test
  func missing() throws {
    let outcome = try Program.quamba.run(
      ["compile", Fixtures.model("mamba-f32"), "-o", place.path("plan"), "--stats", "/nowhere/at/all"])
    #expect(outcome.code == 66 && outcome.errorCodes == ["missing-file"])
    #expect(try place.text("plan") == "old")
  }
}
