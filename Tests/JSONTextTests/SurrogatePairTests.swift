import JSONText
import Testing

/// Escaped surrogate pairs, above all those whose scalar ends in D800...DFFF: json-c 0.16 alone misreads them.
@Suite struct SurrogatePairTests {
  /// Every place where a range begins or ends, and a sample between, as offsets into a plane.
  private static let offsets: [UInt32] =
    [0, 1, 0xD7FF, 0xD800, 0xD801, 0xDBFE, 0xDBFF, 0xDC00, 0xDC01, 0xDFFE, 0xDFFF, 0xE000, 0xFFFE, 0xFFFF]
    + Array(stride(from: 0xD800, through: 0xDFFF, by: 37))

  private func scalars(_ plane: UInt32) throws -> [Unicode.Scalar] {
    try Self.offsets.map { try #require(Unicode.Scalar(plane << 16 + $0)) }
  }

  private func escaped(_ scalar: Unicode.Scalar, uppercase: Bool = false) -> String {
    String(scalar).utf16.map { "\\u" + String($0, radix: 16, uppercase: uppercase) }.joined()
  }

  private func expect(_ found: String, is expected: String) {
    #expect(Array(found.utf8) == Array(expected.utf8))
  }

  @Test(arguments: UInt32(1)...16)
  func alone(plane: UInt32) throws {
    for scalar in try scalars(plane) {
      for uppercase in [false, true] {
        let text = "\"\(escaped(scalar, uppercase: uppercase))\""
        expect(try JSONCursor(JSONText.parse(text)).string(), is: String(scalar))
        let object = try JSONCursor(JSONText.parse("{\(text):\(text)}")).object()
        expect(try #require(object.names.first), is: String(scalar))
        #expect(object[String(scalar)] == .string(String(scalar)))
      }
    }
  }

  /// All of a plane in one text: as elements, as names and values, and in one string.
  @Test(arguments: UInt32(1)...16)
  func together(plane: UInt32) throws {
    let scalars = Array(Set(try scalars(plane))).sorted()
    let texts = scalars.map { "\"\(escaped($0))\"" }
    let strings = scalars.map { JSONValue.string(String($0)) }
    #expect(try JSONText.parse("[\(texts.joined(separator: ","))]") == .array(strings))
    let members = texts.map { "\($0):\($0)" }.joined(separator: ",")
    let object = JSONObject(zip(scalars, strings).map { (String($0), $1) })
    #expect(try JSONText.parse("{\(members)}") == .object(object))
    let joined = scalars.map { escaped($0) }.joined()
    expect(
      try JSONCursor(JSONText.parse("\"\(joined)\"")).string(), is: scalars.map { String($0) }.joined())
  }

  @Test(arguments: [
    (#"a\ud836\udd10"#, "a\u{1D910}"), (#"\ud836\udd10b"#, "\u{1D910}b"),
    (#"\ud836\udc00\u0041"#, "\u{1D800}A"), (#"\ud836\udc00\ud83d\ude00"#, "\u{1D800}\u{1F600}"),
    (#"\ud836\udc00\n\\"#, "\u{1D800}\n\\"), (#"\\ud836\\udd10"#, #"\ud836\udd10"#),
    (#"\\\ud836\udd10\""#, "\\\u{1D910}\""), (#"\ufffd\ud836\udd10"#, "\u{FFFD}\u{1D910}"),
    ("\u{1D910}\\ud836\\udd10é", "\u{1D910}\u{1D910}é"),
    (#"\u0000\ud836\udd10"#, "\0\u{1D910}"), (#"\ud836\udd10\u0000"#, "\u{1D910}\0"),
    (#"\u0000\ud836\udd10\u0000\ud836\udfff\u0000"#, "\0\u{1D910}\0\u{1DBFF}\0"),
  ])
  func amongOthers(text: String, value: String) throws {
    let document = "[\"\(text)\", {\"\(text)\" : \"\(text)\",\"\":[\"\(text)\"]}, 1.5 ]\n"
    let string = JSONValue.string(value)
    let found = try JSONText.parse(document)
    #expect(found == [string, .object(JSONObject([(value, string), ("", [string])])), 1.5])
    expect(try JSONCursor(found)[0].string(), is: value)
    expect(try #require(JSONCursor(found)[1].object().names.first), is: value)
    #expect(try JSONText.parse(JSONText.encode(found)) == found)
  }

  @Test func namesStayDistinct() throws {
    let text = #"{"\ud836\udd10":1,"\ud836\udd11":2,"\ufffd":3,"\u0000":4,"\u0000\u0000":5,"\u00ff":6}"#
    let value: JSONValue = [
      "\u{1D910}": 1, "\u{1D911}": 2, "\u{FFFD}": 3, "\0": 4, "\0\0": 5, "\u{FF}": 6,
    ]
    #expect(try JSONText.parse(text) == value)
    #expect(throws: JSONError.self) { try JSONText.parse("{\"\\ud836\\udd10\":1,\"\u{1D910}\":2}") }
  }

  /// A place in the text is that of the text given, not of the one that json-c sees.
  @Test func errorsKeepTheirPosition() throws {
    let error = try #require(throws: JSONError.self) {
      try JSONText.parse(#"["\ud836\udd10",{"\u0000":1},x]"#)
    }
    #expect(error.position == JSONPosition(line: 1, column: 30, byteOffset: 29))
  }
}
