import Foundation
import JSONText
import Testing

/// Parts of a calibration, and what statistics show.
@Suite(.serialized)
struct StatsCommandTests {
  private static let model = Fixtures.model("mamba-f32")
  private static let size = ["--samples", "5", "--seq-len", "16"]

  private let place: TemporaryDirectory

  init() throws { place = try TemporaryDirectory() }

  /// Calibrates, with further options, into a file of the place.
  private func calibrate(_ name: String, _ options: [String] = [], model: String = model) throws {
    let outcome = try Program.quamba.run(
      ["calibrate", model, "-o", place.path(name), "--progress", "none"] + Self.size + options)
    try #require(outcome.code == 0, "\(outcome.errors)")
  }

  private func merge(_ names: [String], into output: String = "merged") throws -> Outcome {
    try Program.quamba.run(["stats", "merge"] + names.map(place.path) + ["-o", place.path(output)])
  }

  private func compile(_ statistics: String) throws -> Outcome {
    try Program.quamba.run([
      "compile", Self.model, "-o", place.path("plan"), "--stats", place.path(statistics),
    ])
  }

  private func expectRefusal(_ outcome: Outcome, _ code: String, _ words: [String]) throws {
    #expect(outcome.code == 65 && outcome.errorCodes == [code] && outcome.output.isEmpty, "\(outcome.errors)")
    for word in words { #expect(outcome.errors.contains(word), "\(outcome.errors)") }
    #expect(try !place.names.contains("merged") && !place.names.contains("plan"))
  }

  @Test
  func anySplitInAnyOrderGivesTheBytesOfOneRun() throws {
    try calibrate("whole")
    for number in 1...3 { try calibrate("\(number)", ["--part", "\(number)/3", "--threads", "\(number)"]) }
    for order in [["1", "2", "3"], ["3", "1", "2"]] {
      let outcome = try merge(order)
      #expect(outcome.code == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
      #expect(outcome.output.hasSuffix("tensors over 5 passage(s)\n"))
      #expect(try place.data("merged") == place.data("whole"))
    }
    #expect(try merge(["2", "3"], into: "most").code == 0)
    #expect(try merge(["most", "1"]).code == 0)
    #expect(try place.data("merged") == place.data("whole"))
    #expect(try merge(["whole"]).code == 0)
    #expect(try place.data("merged") == place.data("whole"))
  }

  @Test
  func aMissingPassageIsNamed() throws {
    for part in ["1/3", "3/3"] { try calibrate(String(part.first ?? " "), ["--part", part]) }
    let outcome = try merge(["3", "1"], into: "most")
    #expect(outcome.code == 0 && outcome.errorCodes.isEmpty)
    let lack = "3 of 5 passages are counted; missing: 1 to 2"
    #expect(outcome.errors.contains("warning[incomplete-statistics]: \(lack)"), "\(outcome.errors)")
    #expect(outcome.output.hasSuffix("tensors over 3 of 5 passage(s)\n"), "\(outcome.output)")
    try expectRefusal(try compile("most"), "incomplete-statistics", [lack, "quamba stats merge"])
    try expectRefusal(try compile("1"), "incomplete-statistics", ["1 of 5", "missing: 1 to 4"])
  }

  @Test
  func whatDoesNotBelongTogetherIsRefused() throws {
    try calibrate("first", ["--part", "1/2"])
    try calibrate("doubled", ["--part", "1/5"])
    try expectRefusal(
      try merge(["first", "doubled"]), "statistics-mismatch", ["doubled: ", "counted twice: 0", "hint: "])
    try calibrate("longer", ["--part", "2/2", "--seq-len", "17"])
    try expectRefusal(
      try merge(["first", "longer"]), "statistics-mismatch", ["longer: ", "sequence_length differ"])
    try calibrate("more", ["--part", "2/2", "--samples", "6"])
    try expectRefusal(try merge(["first", "more"]), "statistics-mismatch", ["sample_count differ"])
    try calibrate("other", ["--part", "2/2"], model: Fixtures.model("mamba-f16-untied"))
    try expectRefusal(try merge(["first", "other"]), "statistics-mismatch", ["other: ", "model, module"])
    try place.write("text.jsonl", "{\"ids\": [\((1...200).map(String.init).joined(separator: ","))]}")
    try calibrate("text", ["--part", "2/2", "--text", place.path("text.jsonl")])
    try expectRefusal(try merge(["first", "text"]), "statistics-mismatch", ["text differ"])
    let all = try merge(["first", "doubled", "longer", "nowhere"])
    #expect(
      all.errorCodes == ["statistics-mismatch", "statistics-mismatch", "missing-file"], "\(all.errors)")
  }

  @Test(arguments: ["0/2", "3/2", "2", "1/0", "1/2/3", "a/2", "1/1000001"])
  func noSuchPart(_ part: String) throws {
    let outcome = try Program.quamba.run(["calibrate", Self.model, "-o", place.path("x"), "--part", part])
    #expect(outcome.code == 64 && outcome.errors.contains("--part"), "\(outcome.errors)")
  }

  @Test
  func anEmptyPart() throws {
    let outcome = try Program.quamba.run(
      ["calibrate", Self.model, "-o", place.path("x"), "--part", "1/9", "--progress", "none"] + Self.size)
    #expect(outcome.code == 64 && outcome.errorCodes == ["bad-option"], "\(outcome.errors)")
    #expect(outcome.errors.contains("part 1 of 9 is empty: there are 5 passages"), "\(outcome.errors)")
  }

  @Test
  func showListsTheWorstFirst() throws {
    try calibrate("statistics")
    let table = try Program.quamba.run(["stats", "show", place.path("statistics")])
    #expect(table.code == 0 && table.errors.isEmpty, "\(table.errors)")
    let lines = table.output.split(separator: "\n")
    #expect(lines[0].hasSuffix("tensors over 5 passage(s)"))
    #expect(lines[1].contains("ratio") && lines[1].contains("99.999 %"))
    let json = try show("statistics", ["--json"])
    let taps = try json["taps"].array()
    #expect(taps.count == lines.count - 2)
    #expect(try lines[2].hasPrefix("\(taps[0]["name"].string()) "))
    let ratios = try taps.map { try $0.optional("outlier_ratio")?.double() ?? .infinity }
    #expect(ratios == ratios.sorted(by: >))
    #expect(try json["missing_passages"].array().isEmpty && json["passages"].int() == 5)
    let clipped = try show("statistics", ["--json", "--tensor", "layers.?.*.u"])["taps"].array()
    #expect(try !clipped.isEmpty && clipped.allSatisfy { try $0["name"].string().hasSuffix(".mixer.u") })
    for tap in clipped {
      let values = try tap["percentiles"].members().map { try $0.cursor.double() }
      #expect(try values == values.sorted() && values.last == tap["maximum"].double())
    }
  }

  private func show(_ name: String, _ options: [String]) throws -> JSONCursor {
    let outcome = try Program.quamba.run(["stats", "show", place.path(name)] + options)
    try #require(outcome.code == 0, "\(outcome.errors)")
    return JSONCursor(try JSONText.parse(outcome.output))
  }

  @Test
  func noSuchTensor() throws {
    try calibrate("statistics")
    let outcome = try Program.quamba.run(["stats", "show", place.path("statistics"), "--tensor", "u"])
    #expect(outcome.code == 64 && outcome.errorCodes == ["bad-option"] && outcome.output.isEmpty)
    #expect(outcome.errors.contains("'u'") && outcome.errors.contains("hint: names are as "))
  }

  @Test
  func aSinglePassageAndZeroTensorsAreWarnedOf() throws {
    try calibrate("one", ["--samples", "1"])
    let shown = try Program.quamba.run(["stats", "show", place.path("one")])
    #expect(shown.errors.contains("warning[bad-text]: calibrated on a single passage"), "\(shown.errors)")
    let plan = try compile("one")
    #expect(plan.code == 0 && plan.errors.contains("a single passage"), "\(plan.errors)")

    var object = try JSONCursor(try JSONText.parse(place.text("one"))).object()
    var taps = try JSONCursor(.object(object))["taps"].array().map { try $0.object() }
    for index in taps.indices {
      guard try JSONCursor(.object(taps[index]))["name"].string().hasSuffix(".0.mixer.x") else { continue }
      let width = Data(base64Encoded: try JSONCursor(.object(taps[index]))["channel_maxima"].string())?.count
      taps[index]["channel_maxima"] = .string(Data(count: try #require(width)).base64EncodedString())
      taps[index]["histogram"] = nil
    }
    object["taps"] = .array(taps.map { .object($0) })
    try place.write("zero", JSONText.encode(.object(object)))
    let zero = try Program.quamba.run(["stats", "show", place.path("zero")])
    #expect(zero.errors.contains("warning[zero-range]: layers.0.mixer.x: "), "\(zero.errors)")
    let compiled = try compile("zero")
    #expect(compiled.code == 0 && compiled.errors.contains("warning[zero-range]: layers.0.mixer.x: "))
    let checked = try Program.quamba.run(["verify", place.path("plan"), "--level", "run"])
    #expect(checked.code == 0, "\(checked.errors)")
  }
}
