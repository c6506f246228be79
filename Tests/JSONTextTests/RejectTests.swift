import JSONText
import Testing

/// Texts that must be refused.
@Suite struct RejectTests {
  @Test(arguments: [
    "", " ", "[", "]", "{", "}", "[1", "[1,", "[,1]", "[1,]", "[1,,2]", "[1 2]", "[1:2]", "[1}", "{]", "[]]",
    "{}}",
    "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}", "{1:2}", "{a:1}", "{'a':1}",
    "{null:1}",
    "{\"a\" 1}", "{\"a\",1}", "{\"a\"::1}", "{\"a\":1 \"b\":2}", "{\"a\":1;\"b\":2}", "{\"a\":}",
    "{\"a\":1,,\"b\":2}",
    "[] []", "1 2", "{} x", "[],", "null null", "\"a\" \"b\"", "[1]\0", "\0", "<a>", "*", "[\"a\",\n4\n,1,",
  ])
  func structures(text: String) {
    expectRefused(text)
  }

  @Test(arguments: [
    "nul", "nulll", "Null", "NULL", "tru", "True", "TRUE", "truth", "fals", "False", "undefined", "None", "n",
    "t", "f",
    "NaN", "nan", "Infinity", "-Infinity", "inf", "-inf", "-NaN", "+Infinity", "[nothing]",
  ])
  func words(text: String) {
    expectRefused(text)
  }

  @Test(arguments: [
    "+1", "-", "--1", "- 1", "01", "-01", "00", "0123", ".5", "-.5", "1.", "-1.", "1.e5", "1e", "1e+", "1e-",
    "1E",
    "0x10", "0X1", "0b1", "1a", "1_000", "1,000", "1.2.3", "1e2e3", "1e2.5", "1 000", "0e", "0.e1", "１",
    "1/2", "1+2",
    "012.5", "-012", "1f", "2.0L", "++1", "+-1", "1e++2", "\u{2212}1", "0x", "1.5e", "$1",
  ])
  func numbers(text: String) {
    expectRefused(text)
    expectRefused("[\(text)]")
  }

  @Test(arguments: [
    "9223372036854775808", "-9223372036854775809", "18446744073709551615", "123456789012345678901234567890",
    "1e309", "-1e309", "1e999999999999999999999", "123.456e+789", String(repeating: "9", count: 400) + ".0",
  ])
  func numbersOutOfRange(text: String) {
    expectRefused(text)
    expectRefused("{\"a\":\(text)}")
  }

  @Test(arguments: [
    "\"", "\"a", "\"\\", "\"\\\"", "'a'", "a", "\"\\a\"", "\"\\x41\"", "\"\\'\"", "\"\\0\"", "\"\\U0041\"",
    "\"\\ \"",
    "\"\\u\"", "\"\\u1\"", "\"\\u12\"", "\"\\u123\"", "\"\\u12G4\"", "\"\\u 123\"", "\"\\u+123\"",
    "\"\\u-123\"",
    "\"\\uD800\"", "\"\\uDC00\"", "\"\\uD800\\uD800\"", "\"\\uD800\\u0041\"", "\"\\uD800x\"", "\"\\uD800\\\"",
    "\"\\uD83D\\u\"", "\"\\uD800\\n\"", "\"\\uDE00\\uD83D\"", "\"\\u１234\"", "\"\\é\"",
    "\"\n\"", "\"\t\"", "\"\r\"", "\"\0\"", "\"\u{1}\"", "\"\u{1F}\"", "\"a\"b", "“a”", "[\"a]",
  ])
  func strings(text: String) {
    expectRefused(text)
    expectRefused("{\(text):1}")
  }

  @Test(arguments: [
    "/* c */ 1", "1 // c", "// c\n1", "# c\n1", "[1 /* c */]", "{\"a\":/**/1}", "[1]//", "[1]#",
    "\u{FEFF}1", "\u{A0}1", "\u{2028}1", "\u{3000}1", "\u{C}1", "\u{B}1", "[1]\u{C}", "\u{85}[]",
  ])
  func commentsAndOtherSpace(text: String) {
    expectRefused(text)
  }

  /// Sequences that are not UTF-8, within a string and outside.
  @Test(
    arguments: [
      [0x80], [0xBF], [0xC0, 0x80], [0xC0, 0xAF], [0xC1, 0xBF], [0xC2], [0xC2, 0x41], [0xE0, 0x80, 0x80],
      [0xE0, 0x9F, 0xBF], [0xE2, 0x82], [0xE2, 0x28, 0xA1], [0xE2, 0x82, 0x28], [0xED, 0xA0, 0x80],
      [0xED, 0xBF, 0xBF],
      [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x9F, 0x98], [0xF0, 0x9F, 0x98, 0x41],
      [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFE], [0xFF],
    ] as [[UInt8]])
  func malformedUTF8(sequence: [UInt8]) {
    let quote = UInt8(ascii: "\"")
    for text in [
      [quote] + sequence + [quote], sequence, [quote] + sequence, [quote, 0x61] + sequence + [0x61, quote],
    ] {
      #expect(throws: JSONError.self) { try JSONText.parse(text) }
    }
  }

  @Test(arguments: [
    #"{"a":1,"a":1}"#, #"{"a":1,"b":2,"\u0061":3}"#, #"{"":1,"":2}"#, #"[{"x":{"a\u0000":1,"a\u0000":2}}]"#,
    #"{"1":0,"2":0,"3":0,"4":0,"5":0,"6":0,"7":0,"8":0,"9":0,"10":0,"3":0}"#, #"{"\/":1,"/":2}"#,
  ])
  func repeatedNames(text: String) {
    expectRefused(text)
  }

  @Test func everyPrefixOfADocument() {
    let text = #"{"a":[1,-2.5e3,true,null,"\u00e9\ud83d\ude00é"],"b":{"c":false}}"#
    let bytes = Array(text.utf8)
    for count in 0..<bytes.count {
      #expect(throws: JSONError.self) { try JSONText.parse(Array(bytes[..<count])) }
    }
    #expect(throws: Never.self) { try JSONText.parse(bytes) }
  }

  /// Whatever one byte is changed to, the text is refused, or reads back after writing.
  @Test func everyChangeOfOneByte() throws {
    let bytes = Array(#"{"a":[10,-2.5e3,true,null,"\u00e9\u0000é"],"\u0000b":{}}"#.utf8)
    for place in bytes.indices {
      for byte in UInt8.min ... .max {
        var changed = bytes
        changed[place] = byte
        guard let value = try? JSONText.parse(changed) else { continue }
        #expect(try JSONText.parse(JSONText.encode(value)) == value)
      }
    }
  }

  private func expectRefused(_ text: String) {
    #expect(throws: JSONError.self, "\(text)") { try JSONText.parse(text) }
  }
}
