/// Layers from top to bottom, kinds of tensors from left to right, and a shade for each tensor.
struct HeatMap {
  /// One tensor.
  struct Cell {
    let place: TensorName
    /// How strong the shade is, 0 to 1.
    let shade: Double
    /// What stands in the cell where there is room.
    let text: String
    /// What is told of the cell when it is pointed at.
    let detail: String
  }

  private let cells: [Cell]

  /// Takes the cells of tensors, in any order; those outside the layers form a row of their own.
  init(_ cells: [Cell]) { self.cells = cells }

  /// The map, kinds in the order in which they first occur.
  func html(_ title: String) -> HTML {
    let kinds = cells.reduce(into: [String]()) { kinds, cell in
      if !kinds.contains(cell.place.kind) { kinds.append(cell.place.kind) }
    }
    let layers = Set(cells.compactMap(\.place.layer)).sorted().map(Optional.init)
    let outside: [Int?] = cells.contains { $0.place.layer == nil } ? [nil] : []
    let head = kinds.map { "<th scope=\"col\">\($0)</th>" as HTML }
    let rows = (layers + outside).map { row($0, kinds) }
    return """
      <div class="wide"><table class="heat"><caption>\(title)</caption><thead><tr><th scope="col">layer</th>\(head)</tr></thead><tbody>
      \(rows)</tbody></table></div>

      """
  }

  private func row(_ layer: Int?, _ kinds: [String]) -> HTML {
    let inRow = cells.filter { $0.place.layer == layer }
    let columns = kinds.map { kind -> HTML in
      guard let cell = inRow.first(where: { $0.place.kind == kind }) else { return "<td></td>" }
      let shade = Figure.coordinate(min(max(cell.shade, 0), 1))
      return "<td style=\"--v:\(shade)\" title=\"\(cell.detail)\">\(cell.text)</td>"
    }
    return "<tr><th scope=\"row\">\(layer.map { "\($0)" } ?? "–")</th>\(columns)</tr>\n"
  }
}

/// A logarithmic axis that needs no logarithm: the exponent, and straight lines between powers of two.
enum Octaves {
  /// Where a magnitude lies, in octaves from 1.
  static func of(_ value: Double) -> Double {
    guard value > 0, value.isFinite else { return -1074 }
    return Double(value.exponent) + value.significand - 1
  }
}
