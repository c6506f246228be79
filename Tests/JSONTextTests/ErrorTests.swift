import JSONText
import Testing

/// What errors say.
@Suite struct ErrorTests {
  @Test(arguments: [
    ("", "$: expected a value, found the end of the text (line 1, column 1)"),
    ("[1,\n  2,\n  x]", "$[2]: expected a value, found 'x' (line 3, column 3)"),
    (
      #"{"model":{"vocab":{"a":1,"a":2}}}"#,
      #"$.model.vocab.a: the member name "a" occurs twice (line 1, column 26)"#
    ),
    (
      "{\"a b\":{\"é\":01}}",
      #"$["a b"]["é"]: a number must not begin with a superfluous 0 (line 1, column 13)"#
    ),
    ("[[1],[2 3]]", "$[1][0]: expected a comma or ], found '3' (line 1, column 9)"),
    ("{\"a\":1 x", "$.a: expected a comma or }, found 'x' (line 1, column 8)"),
    ("{\"a\":1,}", "$: expected a member name in quotation marks, found '}' (line 1, column 8)"),
    (
      "99999999999999999999",
      #"$: the integer "99999999999999999999" does not fit 64 bits (line 1, column 1)"#
    ),
    ("[]\n\u{FEFF}", "$: expected the end of the text, found the byte 0xef (line 2, column 1)"),
    ("\"é\n\"", "$: a control character in a string must be written as an escape (line 1, column 3)"),
    ("[true, tru]", "$[1]: expected true, found 't' (line 1, column 8)"),
    ("\u{FEFF}1", "$: a byte order mark (line 1, column 1)"),
  ])
  func parsing(text: String, description: String) {
    let error = #expect(throws: JSONError.self) { try JSONText.parse(text) }
    #expect(error?.description == description)
  }

  @Test func positionCountsBytesToo() {
    let error = #expect(throws: JSONError.self) { try JSONText.parse("[\"éé\",\n\u{1}]") }
    #expect(error?.position == JSONPosition(line: 2, column: 1, byteOffset: 9))
  }

  /// Names from a file are shown shortened, and with controls made visible.
  @Test func hostileNamesAreTamed() throws {
    let name = String(repeating: "a", count: 10_000)
    let long = #expect(throws: JSONError.self) { try JSONText.parse("{\"\(name)\":x}") }
    #expect((long?.description.utf8.count ?? 0) < 200)
    let controls = #expect(throws: JSONError.self) { try JSONText.parse(#"{"\u001b[2J\u202e\n":x}"#) }
    #expect(controls?.path == #"$["\u{1b}[2J\u{202e}\u{a}"]"#)
  }

  @Test func cursorsNamePlaceExpectationAndFinding() throws {
    let root = JSONCursor(try JSONText.parse(#"{"a":[1,"two",{"b c":null}],"n":1.0,"t":true}"#))
    expect("$.a[1]: expected an integer, found the string \"two\"") { () throws(JSONError) in
      _ = try root["a"][1].int()
    }
    expect("$.a[2][\"b c\"]: expected a string, found null") { () throws(JSONError) in
      _ = try root["a"][2]["b c"].string()
    }
    expect("$: the member \"x\" is missing") { () throws(JSONError) in _ = try root["x"] }
    expect("$.a: expected an object, found an array") { () throws(JSONError) in _ = try root["a"]["x"] }
    expect("$: expected an array, found an object") { () throws(JSONError) in _ = try root[0] }
    expect("$.a: expected an element [3], found 3 elements") { () throws(JSONError) in _ = try root["a"][3] }
    expect("$.a: expected an element [-1], found 3 elements") { () throws(JSONError) in _ = try root["a"][-1]
    }
    expect("$.n: expected an integer, found the number 1.0") { () throws(JSONError) in _ = try root["n"].int()
    }
    expect("$.t: expected a number, found true") { () throws(JSONError) in _ = try root["t"].double() }
    expect("$.n: expected true or false, found the number 1.0") { () throws(JSONError) in
      _ = try root["n"].bool()
    }
    expect("$.t: expected an object, found true") { () throws(JSONError) in _ = try root["t"].optional("x") }
  }

  private func expect(_ description: String, _ body: () throws(JSONError) -> Void) {
    let error = #expect(throws: JSONError.self) { try body() }
    #expect(error?.description == description)
    #expect(error?.position == nil)
  }
}
