import Calibration
import CompilerDriver
import Diagnostics
import JSONText

extension Report {
  /// A heat map of the scales of activations.
  var scaleSection: HTML? {
    let codes = facts.codes
    let places = codes.map { Octaves.of(Double($0.medianScale)) }
    guard let low = places.min(), let high = places.max() else { return nil }
    let cells = zip(codes, places).map { codes, place in
      HeatMap.Cell(
        place: TensorName(codes.name), shade: (place - low) / max(high - low, 1),
        text: Figure.text(Double(codes.medianScale)), detail: detail(codes))
    }
    return Blocks.section(
      "scales", title: "Scales",
      """
      One code of each activation stands for this much; darker is coarser, in equal ratios. Where each channel has a \
      scale of its own, the median is shown.
      """, [HeatMap(cells).html("Scales by layer and tensor")])
  }

  private func detail(_ codes: PlanFacts.Codes) -> String {
    guard let least = codes.scales.min(), let most = codes.scales.max(), codes.scales.count > 1 else {
      return "\(codes.name): one scale, \(Figure.text(Double(codes.scales[0])))"
    }
    return """
      \(codes.name): \(codes.scales.count) scales from \(Figure.text(Double(least))) to \(Figure.text(Double(most)))
      """
  }

  /// What the bytes of the plan are for.
  var sizeSection: HTML? {
    let largest = Double(facts.parts.map(\.bytes).max() ?? 1)
    let bars = facts.parts.filter { $0.bytes > 0 }.map { part in
      let share = Figure.percent(Double(part.bytes) / Double(max(facts.bytes, 1)))
      return Blocks.Bar(
        label: part.name, length: Double(part.bytes) / max(largest, 1),
        text: "\(ByteCount.text(part.bytes)), \(share)")
    }
    return Blocks.section(
      "size", title: "Size",
      """
      The plan file has \(ByteCount.text(facts.bytes)). Besides, every sequence needs \
      \(ByteCount.text(facts.stateBytes)) of state.
      """, [Blocks.bars("Bytes by part", bars)])
  }

  /// Warnings of compile and calibration.
  var findingSection: HTML? {
    let all = findings + (statistics?.findings.map(\.description) ?? []).filter { !findings.contains($0) }
    guard !all.isEmpty else { return nil }
    return Blocks.section(
      "warnings", title: "Warnings", "Told by the tool while it calibrated and compiled.",
      all.map { Blocks.code($0) })
  }

  /// Where the plan comes from, and how to make it again.
  var originSection: HTML {
    let digests = facts.metadata.filter { $0.key.hasPrefix("digest.") }
    let others = facts.metadata.filter { !$0.key.hasPrefix("digest.") && $0.key != "recipe" }
    let entries = (others + digests).map { (name: $0.key, value: "\($0.value)" as HTML) }
    let text =
      statistics?.bindings.digests["text"].map { [(name: "digest.text", value: "\($0)" as HTML)] } ?? []
    var content = [Blocks.list(entries + text)]
    if let recipeText {
      content += ["<p>The recipe, as in a file recipe.json:</p>\n", Blocks.code(recipeText)]
    }
    if let command { content += ["<p>To make the plan again:</p>\n", Blocks.code(command)] }
    if !seconds.isEmpty {
      content.append(
        Blocks.table(
          "Time", head: ["part", "seconds"], rows: seconds.map { [$0.name, Figure.text($0.seconds)] }))
    }
    return Blocks.section(
      "origin", title: "Where the plan comes from",
      "The plan was made from files of these SHA-256 digests, by this recipe.", content)
  }
}

extension PlanFacts {
  /// The recipe as the plan stores it.
  var recipe: JSONValue? { metadata("recipe").flatMap { try? JSONText.parse($0) } }

  /// The recipe's name.
  var recipeName: String? {
    guard case .object(let members)? = recipe, case .string(let name)? = members["name"] else { return nil }
    return name
  }
}
