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

  /// Above so many cells a map is left out.
  private static let mostCells = 100_000

  private let cells: [Cell]

  /// Takes the cells of tensors, in any order; those outside the layers form a row of their own.
  init(_ cells: [Cell]) { self.cells = cells }

  /// The map, kinds in the order in which they first occur; a sentence where it would be too large.
  func html(_ title: String) -> HTML {
    var (kinds, found) = ([String](), [Int?: [String: Cell]]())
    var known: Set<String> = []
    for cell in cells {
      if known.insert(cell.place.kind).inserted { kinds.append(cell.place.kind) }
      if found[cell.place.layer]?[cell.place.kind] == nil {
        found[cell.place.layer, default: [:]][cell.place.kind] = cell
      }
    }
    guard found.count * kinds.count <= Self.mostCells else {
      return """
        <p>\(title): left out, for \(found.count) rows of \(kinds.count) kinds of tensors are more than \(Self.mostCells) \
        cells.</p>

        """
    }
    let layers = found.keys.sorted { ($0 ?? .max) < ($1 ?? .max) }
    let head = kinds.map { "<th scope=\"col\">\($0)</th>" as HTML }
    let rows = layers.map { row($0, kinds, found[$0] ?? [:]) }
    return """
      <div class="wide"><table class="heat"><caption>\(title)</caption><thead><tr><th scope="col">layer</th>\(head)</tr></thead><tbody>
      \(rows)</tbody></table></div>

      """
  }

  private func row(_ layer: Int?, _ kinds: [String], _ cells: [String: Cell]) -> HTML {
    let columns = kinds.map { kind -> HTML in
      guard let cell = cells[kind] else { return "<td></td>" }
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
