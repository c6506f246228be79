import JSONText
import Testing

@Suite struct LimitTests {
  @Test func depth() throws {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
      func nested(_ depth: Int) -> String {
        String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
      }
      #expect(throws: Never.self) { try JSONText.parse(nested(32)) }
      #expect(throws: JSONError.self) { try JSONText.parse(nested(33)) }
      let limits = JSONLimits(maxDepth: .max)
      #expect(throws: Never.self) { try JSONText.parse(nested(JSONLimits.deepest), limits: limits) }
      #expect(throws: JSONError.self) { try JSONText.parse(nested(JSONLimits.deepest + 1), limits: limits) }
      #expect(throws: JSONError.self) { try JSONText.parse(String(repeating: open, count: 100_000)) }
      #expect(throws: JSONError.self) { try JSONText.parse(nested(1), limits: JSONLimits(maxDepth: 0)) }
    }
  }

  @Test func members() throws {
    let limits = JSONLimits(maxMembers: 5)
    #expect(throws: Never.self) { try JSONText.parse(#"[1,{"a":1,"b":[3]}]"#, limits: limits) }
    #expect(throws: JSONError.self) { try JSONText.parse(#"[1,{"a":1,"b":[3,4]}]"#, limits: limits) }
  }

  @Test func bytes() throws {
    #expect(throws: Never.self) { try JSONText.parse("[10]", limits: JSONLimits(maxBytes: 4)) }
    #expect(throws: JSONError.self) { try JSONText.parse("[10] ", limits: JSONLimits(maxBytes: 4)) }
  }

  @Test(arguments: [
    "nan", "NAN", "infinity", "INFINITY", "+Infinity", "-NaN", "Inf", "-Inf", "[Infinit]", "NaNs",
  ])
  func nonFiniteSpellings(text: String) {
    #expect(throws: JSONError.self) { try JSONText.parse(text, limits: JSONLimits(allowsNonFinite: true)) }
  }

  /// A number out of range stays an error where `Infinity` may be written.
  @Test func overflowIsNotInfinity() {
    #expect(throws: JSONError.self) { try JSONText.parse("1e999", limits: JSONLimits(allowsNonFinite: true)) }
  }
}
