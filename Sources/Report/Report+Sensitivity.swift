public import JSONText

/// What `analyze` has measured of one group of tensors.
struct AnalyzedGroup {
  let name: String
  /// Whether the group is a layer, and no kind of tensors.
  let isLayer: Bool
  /// Patterns that keep it float.
  let tensors: [String]
  /// KL with nothing else quantized.
  let only: Estimated?
  /// KL with nothing else in float.
  let without: Estimated?
  /// How much of the whole KL goes with it.
  let gain: Estimated?
  /// Bytes that the plan grows by.
  let bytes: Int

  init(_ json: JSONCursor) throws(JSONError) {
    name = try json["name"].string()
    isLayer = try json["kind"].string() == "layer"
    var patterns: [String] = []
    for pattern in try json["tensors"].array() { patterns.append(try pattern.string()) }
    tensors = patterns
    only = try Estimated(try json["only_quantized"], "kl")
    without = try Estimated(try json["only_float"], "kl")
    gain = try Estimated(json, "gain")
    bytes = try json["bytes"].int()
  }
}

extension Report {
  /// Takes in what `analyze --save` has written.
  /// - Throws: `JSONError` naming the place.
  public mutating func add(analysis json: JSONValue) throws(JSONError) {
    let root = JSONCursor(json)
    for group in try root["groups"].array() { analysis.append(try AnalyzedGroup(group)) }
    for pattern in try root["keep"].array() { keep.append(try pattern.string()) }
  }

  /// What each layer and each kind of tensor costs.
  var sensitivitySection: HTML? {
    guard !analysis.isEmpty else { return nil }
    let advice = keep.map { "--keep '\($0)'" }.joined(separator: " ")
    return Blocks.section(
      "sensitivity", title: "Sensitivity",
      """
      KL from the float model with only these tensors quantized, and what is gained when only they stay float. The \
      worst come first.
      """,
      [
        sensitivity("Layers", analysis.filter(\.isLayer)),
        sensitivity("Kinds of tensors", analysis.filter { !$0.isLayer }),
        keep.isEmpty ? "" : "<p>To halve the KL, keep these in float:</p>\n\(Blocks.code(advice))",
      ])
  }

  private func sensitivity(_ title: String, _ groups: [AnalyzedGroup]) -> HTML {
    guard !groups.isEmpty else { return "" }
    let worst = groups.sorted { ($1.only?.value ?? 0, $0.name) < ($0.only?.value ?? 0, $1.name) }
    let largest = worst.first?.only?.value ?? 1
    let rows = worst.map { group -> HTML in
      let length = Figure.coordinate(100 * min(max((group.only?.value ?? 0) / max(largest, 1e-30), 0), 1))
      return """
        <tr><th scope="row">\(group.name)</th><td class="bar"><i style="width:\(length)%"></i></td>\
        <td>\(group.only.map { Figure.text($0) } ?? "–")</td><td>\(group.gain.map { Figure.text($0) } ?? "–")</td>\
        <td class="number">\(group.bytes >= 0 ? "+" : "−")\(Figure.bytes(Int(clamping: group.bytes.magnitude)))</td></tr>

        """
    }
    return """
      <div class="wide"><table class="bars"><caption>\(title)</caption><thead><tr><th scope="col">tensors</th><th></th>\
      <th scope="col">KL, only these quantized</th><th scope="col">gained in float</th><th scope="col">bytes</th>\
      </tr></thead><tbody>
      \(rows)</tbody></table></div>

      """
  }
}
