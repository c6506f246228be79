import CompilerDriver
import Diagnostics
import Foundation
import Testing

/// Files of many lines.
@Suite(.serialized)
struct LineTests {
  private func difference(_ first: String, _ second: String) -> [String] {
    LineDifference(
      from: first.split(separator: "\n"), to: second.split(separator: "\n")
    ).changes
  }

  @Test(arguments: [
    ("a\nb\nc", "a\nb\nc", []), ("", "a\nb", ["+a", "+b"]), ("a\nb", "", ["-a", "-b"]),
    ("a\nb\nc", "a\nx\nc", ["-b", "+x"]), ("a\nb\nc\nd", "b\nc\nd\na", ["-a", "+a"]),
    ("a\nb\nc", "a\nc", ["-b"]), ("{\na\n}\n{\nb\n}", "{\na\n}\n{\nc\n}", ["-b", "+c"]),
  ])
  func changedLines(_ first: String, _ second: String, _ expected: [String]) {
    #expect(difference(first, second) == expected)
  }

  /// Where no line occurs twice, no fewer lines can differ.
  @Test
  func noShorterDifferenceIsThere() {
    var state: UInt64 = 1
    func shuffled() -> [Substring] {
      (0..<40).map { line -> (UInt64, Substring) in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (line % 5 == 0 ? state >> 33 : UInt64(line) << 26, "line \(line)")
      }.sorted { $0.0 < $1.0 }.map(\.1)
    }
    for _ in 0..<50 {
      let (first, second) = (shuffled(), shuffled())
      let changes = LineDifference(from: first, to: second).changes
      #expect(changes.count == second.difference(from: first).count)
    }
  }

  @Test
  func longTextsThatHaveNothingInCommon() {
    let texts = ["first", "second"].map { name in (0..<30_000).map { Substring("\(name) \($0)") } }
    #expect(LineDifference(from: texts[0], to: texts[1]).changes.count == 60_000)
    #expect(LineDifference(from: texts[0], to: texts[0].reversed()).changes.count == 59_998)
  }

  private func failure(of text: String) throws -> DiagnosticFailure {
    try withTemporaryDirectory { place in
      let path = place + "/lines.jsonl"
      try text.write(toFile: path, atomically: false, encoding: .utf8)
      return try #require(throws: DiagnosticFailure.self) { _ = try TextInput(path: path) }
    }
  }

  @Test
  func noMoreThanTwoHundredWrongLinesAreTold() throws {
    let good = "{\"text\": \"x\"}\n\n"
    let found = try failure(of: good + String(repeating: "x\n", count: 1000)).diagnostics
    #expect(found.count == 200 && found[0].message.hasPrefix("line 3: "))
    #expect(found[199].message.hasPrefix("line 202: "))
    #expect(try failure(of: good + String(repeating: "x\n", count: 7) + "{}").diagnostics.count == 8)
  }

  @Test
  func linesThatAreBlank() throws {
    let found = try failure(of: String(repeating: "\n", count: 2_000_000)).diagnostics
    #expect(found.map(\.message) == ["the file has no documents"])
    try withTemporaryDirectory { place in
      let path = place + "/lines.jsonl"
      try "\n \r\n{\"text\": \"a\"}\r\n\n\t\n{\"ids\": [1]}".write(
        toFile: path, atomically: false, encoding: .utf8)
      #expect(try TextInput(path: path).documents.count == 2)
    }
  }
}
