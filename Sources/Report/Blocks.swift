/// Building blocks of the page.
enum Blocks {
  /// One line of a bar chart.
  struct Bar {
    var label: String
    /// Length of the bar, 0 to 1.
    var length: Double
    /// What stands behind the bar.
    var text: String
  }

  /// A section with a heading, a sentence that says how to read it, and what it shows.
  static func section(_ name: String, title: String, _ explanation: HTML, _ content: [HTML]) -> HTML {
    "<section id=\"\(name)\"><h2>\(title)</h2>\n<p class=\"how\">\(explanation)</p>\n\(content)</section>\n"
  }

  /// Horizontal bars, one line each.
  static func bars(_ title: String, _ bars: [Bar]) -> HTML {
    let rows = bars.map { bar -> HTML in
      let width = Figure.coordinate(100 * min(max(bar.length, 0), 1))
      return """
        <tr><th scope="row">\(bar.label)</th><td class="bar"><i style="width:\(width)%"></i></td><td>\(bar.text)</td></tr>

        """
    }
    return "<table class=\"bars\"><caption>\(title)</caption>\n\(rows)</table>\n"
  }

  /// A table whose first column heads the rows; it scrolls by itself where it is wider than the page.
  static func table(_ title: String, head: [String], rows: [[String]]) -> HTML {
    let titles = head.map { "<th scope=\"col\">\($0)</th>" as HTML }
    let lines = rows.map { row -> HTML in
      let cells = row.dropFirst().map { "<td>\($0)</td>" as HTML }
      return "<tr><th scope=\"row\">\(row.first ?? "")</th>\(Array(cells))</tr>\n"
    }
    return """
      <div class="wide"><table><caption>\(title)</caption><thead><tr>\(titles)</tr></thead><tbody>
      \(lines)</tbody></table></div>

      """
  }

  /// Names and what they stand for.
  static func list(_ entries: [(name: String, value: HTML)]) -> HTML {
    "<dl>\(entries.map { "<dt>\($0.name)</dt><dd>\($0.value)</dd>\n" as HTML })</dl>\n"
  }

  /// Several lines of text as they are, such as a command.
  static func code(_ text: String) -> HTML { "<pre>\(text)</pre>\n" }
}
