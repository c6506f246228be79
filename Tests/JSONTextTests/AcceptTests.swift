import JSONText
import Testing

/// Texts that must be accepted, and what they mean.
@Suite struct AcceptTests {
  @Test(
    arguments: [
      ("null", nil), ("true", true), (" false ", false), ("\"\"", ""), ("[]", []), ("{}", [:]),
      ("\t\r\n [ \n1 , 2\r]\t", [1, 2]), ("{ \"a\" : { } }", ["a": [:]]), ("[[[]],[]]", [[[]], []]),
      ("{\"\":0}", ["": 0]), ("{\"b\":1,\"a\":2}", ["b": 1, "a": 2]), ("[null]", [nil]),
    ] as [(String, JSONValue)])
  func structures(text: String, value: JSONValue) throws {
    #expect(try JSONText.parse(text) == value)
  }

  @Test(
    arguments: [
      ("0", 0), ("-0", 0), ("-1", -1), ("123456789012345678", 123_456_789_012_345_678),
      ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
      ("1.0", .number(1)), ("0.5", 0.5), ("-0.0", .number(-0.0)), ("1e2", .number(100)),
      ("1E+2", .number(100)),
      ("20e-1", .number(2)), ("0e0", .number(0)),
      ("1.7976931348623157e308", .number(.greatestFiniteMagnitude)),
      ("5e-324", .number(.leastNonzeroMagnitude)), ("1e-9999", .number(0)), ("0e999999", .number(0)),
      ("0.1000000000000000055511151231257827", 0.1), ("100000000000000000000.0", .number(1e20)),
    ] as [(String, JSONValue)])
  func numbers(text: String, value: JSONValue) throws {
    for text in [text, "[\(text)]", " \(text)\n"] {
      let found = try JSONText.parse(text)
      #expect(found == (text.hasPrefix("[") ? [value] : value))
    }
  }

  @Test func negativeZeroKeepsItsSign() throws {
    #expect(try JSONCursor(JSONText.parse("-0.0")).double().sign == .minus)
  }

  @Test(arguments: [
    (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u0041\u00e9\u00E9""#, "A\u{E9}\u{E9}"),
    (#""\ud83d\uDE00""#, "\u{1F600}"), (#""\uD800\uDC00\uDBFF\uDFFF""#, "\u{10000}\u{10FFFF}"),
    ("\"\u{1F600}é\u{7F}\u{80}\u{7FF}\u{800}\u{FFFD}\"", "\u{1F600}é\u{7F}\u{80}\u{7FF}\u{800}\u{FFFD}"),
    ("\"\u{FFFF}\u{10FFFF}\u{FEFF}\u{2028}\"", "\u{FFFF}\u{10FFFF}\u{FEFF}\u{2028}"),
    (#""a\u0000b\u0000""#, "a\0b\0"), (#""\\u0000""#, "\\u0000"),
    ("\"/* text */ // 'x'\"", "/* text */ // 'x'"),
    ("\"e\u{301}\"", "e\u{301}"), (#""\uFFFF\uFFFE""#, "\u{FFFF}\u{FFFE}"), ("\"[1,2\"", "[1,2"),
  ])
  func strings(text: String, value: String) throws {
    let found = try JSONCursor(JSONText.parse(text)).string()
    #expect(Array(found.utf8) == Array(value.utf8))
    let member = try JSONCursor(JSONText.parse("{\(text):1,\"z\":2}")).object()
    #expect(member.names.map { Array($0.utf8) } == [Array(value.utf8), [0x7A]])
    #expect(member[value] == 1)
  }

  @Test func namesThatDifferAfterNULAreDistinct() throws {
    let text = #"{"a\u0000b":"\u0000","a":2,"a\u0000c":{"\u0000":3,"\\u0000":4}}"#
    let value: JSONValue = ["a\0b": "\0", "a": 2, "a\0c": ["\0": 3, "\\u0000": 4]]
    #expect(try JSONText.parse(text) == value)
    #expect(JSONText.encode(value) == text)
    let alike = #"{"\u0000":1,"??????":2,"":3,"\u0000\u0000":4,"\\u0000":5}"#
    #expect(try JSONText.parse(alike) == ["\0": 1, "??????": 2, "": 3, "\0\0": 4, "\\u0000": 5])
  }

  @Test func canonicallyEquivalentNamesAreDistinct() throws {
    for extra in [0, 20] {
      let fill = (0..<extra).map { ",\"\($0)\":0" }.joined()
      let object = try JSONCursor(JSONText.parse("{\"\u{E9}\":1,\"e\u{301}\":2\(fill)}")).object()
      #expect(object.count == 2 + extra)
      #expect(object["\u{E9}"] == 1)
      #expect(object["e\u{301}"] == 2)
    }
  }

  @Test func nonFiniteNumbersOnRequest() throws {
    let limits = JSONLimits(allowsNonFinite: true)
    let values = try JSONCursor(JSONText.parse("[NaN,Infinity,-Infinity,-1,-0.5]", limits: limits)).array()
    #expect(try values[0].double().isNaN)
    #expect(try values[1...].map { cursor in try cursor.double() } == [.infinity, -.infinity, -1, -0.5])
    #expect(try JSONText.parse("-Infinity", limits: limits) == .number(-.infinity))
  }

  @Test func bytesNeedNoTerminator() throws {
    let bytes = Array("12345".utf8)
    for count in 1...5 {
      let value = try bytes.withUnsafeBytes {
        try JSONText.parse(UnsafeRawBufferPointer(rebasing: $0[..<count]))
      }
      #expect(value == .integer(Int64(String("12345".prefix(count))) ?? 0))
    }
  }
}
