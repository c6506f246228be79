import IR
import Passes
import Testing

/// The parts of the documentation that are generated: `UPDATE_GOLDENS=1` rewrites them and fails the run.
@Suite struct DocumentationTests {
  @Test func operations() throws {
    try check("docs/ir.md", "constants", Listing.operations(.constant))
    try check("docs/ir.md", "rows", Listing.operations(.row))
  }

  @Test func passes() throws {
    try check("docs/passes.md", "passes", Pipeline.all.map(Listing.pass).joined(separator: "\n"))
  }

  /// Compares what stands between the markers of `name` with `text`.
  private func check(_ path: String, _ name: String, _ text: String) throws {
    let (first, last) = ("<!-- generated: \(name) -->\n", "<!-- end of \(name) -->\n")
    let whole = try #require(TextFile.read(path))
    let start = try #require(whole.firstRange(of: first)).upperBound
    let end = try #require(whole[start...].firstRange(of: last)).lowerBound
    let isCurrent = try TextFile.isCurrent(path, whole[..<start] + text + whole[end...])
    #expect(isCurrent, "\(path) is stale; UPDATE_GOLDENS=1 rewrites it")
  }
}

/// Operations and passes as the documentation lists them.
enum Listing {
  /// A table of the operations whose values live on one side.
  static func operations(_ side: OpSpec.Side) -> String {
    let head = "| operation | operands | attributes | stages | meaning |\n|---|---|---|---|---|\n"
    return head + OpSpec.all.filter { $0.side == side }.map(row).joined()
  }

  private static func row(_ spec: OpSpec) -> String {
    let operands = spec.operands.map { operand in
      (operand.side == .constant ? "$" : "%") + operand.name + (operand.isOptional ? "?" : "")
    }
    let attributes = spec.attributes.map { "\($0.name)\($0.isOptional ? "?" : ""): \($0.kind.rawValue)" }
    let cells = [
      "`\(spec.op.rawValue)`", code(operands), code(attributes), stages(spec.stages), spec.summary,
    ]
    return "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |\n"
  }

  private static func code(_ words: [String]) -> String {
    words.map { "`\($0)`" }.joined(separator: ", ")
  }

  private static func stages(_ range: ClosedRange<Stage>) -> String {
    let (first, last) = (range.lowerBound, range.upperBound)
    if first == last { return first.rawValue }
    if first == .imported && last == .quantized { return "all" }
    return last == .quantized ? "from \(first.rawValue)" : "\(first.rawValue) to \(last.rawValue)"
  }

  /// A pass with its promise and the lines that it changes in its golden.
  static func pass(_ pass: Pass) throws -> String {
    let golden = try #require(TextFile.read(Golden.path(pass.name)))
    let (before, after) = try #require(Golden.parts(golden))
    let recipes = Recipe.builtIn.filter(pass.isNeeded).map { "`\($0.name)`" }
    return """
      ### `\(pass.name)`

      \(pass.summary)

      - Stage: \(stages(pass.requires))\(pass.produces.map { "; then \($0.rawValue)" } ?? "; unchanged").
      - Promise: \(text(pass.promise)).
      - Built-in recipes that run it: \(recipes.isEmpty ? "none" : recipes.joined(separator: ", ")).

      Before:

      ```
      \(lines(of: before, notIn: after))
      ```

      After:

      ```
      \(lines(of: after, notIn: before))
      ```

      """
  }

  private static func text(_ promise: Pass.Promise) -> String {
    switch promise {
    case .exact: "exact: the same values"
    case .equivalent(let part): "equivalent: logits differ by at most \(part) of the largest"
    case .lossy: "lossy"
    }
  }

  /// The first lines that only one text has, without origins and passes; long literals are cut short.
  private static func lines(of text: String, notIn other: String) -> String {
    let known = Set(nodes(other))
    let changed = nodes(text).filter { !known.contains($0) }
    let rest = changed.count > 12 ? ["… and \(changed.count - 12) more"] : []
    return (changed.prefix(12) + rest).joined(separator: "\n")
  }

  private static func nodes(_ text: String) -> [String] {
    text.split(separator: "\n").filter { $0.hasPrefix("$") || $0.hasPrefix("%") }.map { line in
      String(line[..<(line.firstRange(of: " at \"")?.lowerBound ?? line.endIndex)])
        .replacing(/values\[([^,]+, [^,]+), [^\]]*\]/) { "values[\($0.output.1), …]" }
    }
  }
}
