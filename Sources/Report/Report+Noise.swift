public import JSONText

/// What `compare --json` has measured of one tensor.
struct ComparedTap {
  /// Signal to noise in decibels; infinite where there is no noise.
  typealias Decibels = Double

  let name: String
  /// As the plan runs, with what all instructions before have lost.
  let accumulated: Decibels
  /// Of the instruction alone.
  let alone: Decibels
  /// Share of codes at an end of their range; nil for float32.
  let saturation: Double?
  let hint: String?

  init(_ json: JSONCursor) throws(JSONError) {
    name = try json["tensor"].string()
    accumulated = try json["accumulated"].optional("sqnr_db")?.double() ?? .infinity
    alone = try json["alone"].optional("sqnr_db")?.double() ?? .infinity
    saturation = try json.optional("saturation")?.double()
    hint = try json.optional("hint")?.string()
  }
}

extension Report {
  /// Takes in the result of `compare --json`.
  /// - Throws: `JSONError` naming the place.
  public mutating func add(comparison json: JSONValue) throws(JSONError) {
    for tap in try JSONCursor(json)["taps"].array() { comparison.append(try ComparedTap(tap)) }
  }

  /// How much noise every tensor has, and where it comes from.
  var noiseSection: HTML? {
    guard !comparison.isEmpty else { return nil }
    let worst = comparison.filter { $0.alone.isFinite }.sorted { ($0.alone, $0.name) < ($1.alone, $1.name) }
    let table = Blocks.table(
      "Noisiest instructions",
      head: ["tensor", "alone", "as the plan runs", "saturated", "what would mend it"],
      rows: worst.prefix(12).map { tap in
        [
          tap.name, decibels(tap.alone), decibels(tap.accumulated),
          tap.saturation.map { Figure.percent($0) } ?? "–", tap.hint ?? "",
        ]
      })
    return Blocks.section(
      "noise", title: "Noise",
      """
      Signal to noise of every tensor against the float model, in decibels: 40 dB are an error of 1 %, 20 dB of 10 %. \
      Darker is noisier. Alone means that the instruction was fed with the float model’s values.
      """,
      [
        noiseMap("Each instruction alone", \.alone),
        noiseMap("As the plan runs, errors of all before included", \.accumulated),
        table,
      ])
  }

  /// A heat map from 10 dB, the darkest, to 60 dB.
  private func noiseMap(_ title: String, _ value: (ComparedTap) -> Double) -> HTML {
    HeatMap(
      comparison.map { tap in
        HeatMap.Cell(
          place: TensorName(tap.name), shade: (60 - value(tap)) / 50, text: decibels(value(tap), unit: ""),
          detail: "\(tap.name): \(decibels(value(tap)))")
      }
    ).html(title)
  }

  private func decibels(_ value: Double, unit: String = " dB") -> String {
    value.isFinite ? Figure.fixed(value, digits: 1) + unit : "exact"
  }
}
