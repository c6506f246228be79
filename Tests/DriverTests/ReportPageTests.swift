import Foundation
import JSONText
import PlanRuntime
import Report
import Testing

/// Parts of the report's page that depend on how much there is to show.
@Suite
struct ReportPageTests {
  /// The page about a comparison of so many tensors, each of a layer and a kind of its own.
  private func page(tensors count: Int) throws -> String {
    let taps = (0..<count).map { index in
      """
      {"tensor": "layers.\(index).kind\(index)", "accumulated": {"sqnr_db": 30}, "alone": {"sqnr_db": 40}, \
      "saturation": null, "hint": null}
      """
    }
    var report = Report(try Plan(bytes: try SmallPlan().bytes()), name: "plan")
    try report.add(comparison: try JSONText.parse("{\"taps\": [\(taps.joined(separator: ","))]}"))
    return report.page
  }

  @Test
  func mapsThatWouldBeTooLargeAreLeftOut() throws {
    let large = try page(tensors: 400)
    #expect(!large.contains("class=\"heat\"") && large.utf8.count < 50_000)
    #expect(
      large.contains(
        "<p>Each instruction alone: left out, for 400 rows of 400 kinds of tensors are more than 100000 cells.</p>"
      ))
    let small = try page(tensors: 40)
    #expect(small.contains("<th scope=\"row\">39</th>") && !small.contains("left out, for"))
    #expect(small.split(separator: "title=\"layers.").count == 2 * 40 + 1)
  }
}
