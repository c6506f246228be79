import JSONText
import Testing

/// A text of our own for every category of the public suite of JSON parser tests, under the category's name.
///
/// We differ from the suite in one point, on purpose: an object that names a member twice is refused.
@Suite struct ConformanceTests {
  /// A category and an example; bytes, because some are not UTF-8.
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]

    init(_ name: String, _ text: String) { (testDescription, bytes) = (name, Array(text.utf8)) }

    /// Text with raw bytes in the middle.
    init(_ name: String, _ before: String, _ raw: [UInt8], _ after: String) {
      (testDescription, bytes) = (name, Array(before.utf8) + raw + Array(after.utf8))
    }
  }

  @Test(arguments: arrays + numbers + objects + strings + structures)
  func mustBeAccepted(_ example: Case) throws {
    let value = try JSONText.parse(example.bytes)
    #expect(try JSONText.parse(JSONText.encode(value)) == value)
  }

  @Test(arguments: badArrays + badNumbers + badObjects + badStrings + badStructures)
  func mustBeRefused(_ example: Case) {
    #expect(throws: JSONError.self) { try JSONText.parse(example.bytes) }
  }

  /// What the suite leaves open: either is right, as long as it is an answer, and the same for what is read.
  @Test(arguments: open)
  func eitherWay(_ example: Case) throws {
    guard let value = try? JSONText.parse(example.bytes) else { return }
    #expect(try JSONText.parse(JSONText.encode(value)) == value)
  }

  @Test func ourDifferences() {
    for text in [#"{"q":"w","q":"x"}"#, #"{"q":"w","q":"w"}"#] {
      #expect(throws: JSONError.self) { try JSONText.parse(text) }
    }
  }
}

extension ConformanceTests {
  static let arrays = [
    Case("arrays with spaces", "[ [ ]  ]"), Case("empty string", #"[""]"#), Case("empty", "[]"),
    Case("ending with newline", "[7]\n"), Case("false", "[false]"),
    Case("heterogeneous", #"[null, -2, "w", {}, [true]]"#), Case("null", "[null]"),
    Case("number and newline", "[4\n]"), Case("leading space", "  [4]"),
    Case("several nulls", "[4,null,null,5,null]"), Case("trailing space", "[4]   "),
  ]

  static let numbers = [
    Case("plain", "[407e67]"), Case("0e+1", "[0e+1]"), Case("0e1", "[0e1]"), Case("after space", "[ 6]"),
    Case("close to zero", "[-0.000000000000000000000000000000000000000000000000000000000000000000000003]"),
    Case("integer with exponent", "[40e2]"), Case("minus zero", "[-0]"), Case("negative", "[-407]"),
    Case("negative one", "[-1]"), Case("capital E", "[3E12]"), Case("capital E, minus", "[3E-2]"),
    Case("capital E, plus", "[3E+2]"), Case("exponent", "[407e35]"),
    Case("fraction and exponent", "[407.654e68]"), Case("minus in exponent", "[3e-3]"),
    Case("plus in exponent", "[3e+3]"), Case("integer", "[407]"), Case("real", "[407.654201]"),
  ]

  static let objects = [
    Case("basic", #"{"sea":"blue"}"#), Case("empty", "{}"), Case("empty key", #"{"":5}"#),
    Case("NUL in key", #"{"sea\u0000land":77}"#),
    Case("extreme numbers", #"{ "least": -2.0e+28, "most": 2.0e+28 }"#),
    Case("long strings", #"{"q":[{"w": ""# + String(repeating: "m", count: 4000) + #""}], "w": "m"}"#),
    Case("simple", #"{"q":[]}"#),
    Case("unicode", #"{"name":"\u041b\u0435\u0432 \u0422\u043e\u043b\u0441\u0442\u043e\u0439" }"#),
    Case("newlines", "{\n\"q\": \"w\"\n}"),
  ]

  static let strings = [
    Case("sequences of 1, 2 and 3 bytes", "[\"\\u0061\\u0431\\u20ac a\u{431}\u{20AC}\"]"),
    Case("surrogate pair", #"["\uD83C\udf0d"]"#), Case("surrogate pairs", #"["\ud83c\udf0d\ud83c\udf0e"]"#),
    Case("allowed escapes", #"["\"\\\/\b\f\n\r\t"]"#), Case("escaped backslash, then u", #"["\\u0000"]"#),
    Case("escaped quote", #"["\""]"#), Case("comments", #"["x/*y*/z/*w"]"#),
    Case("double escape a", #"["\\b"]"#), Case("double escape n", #"["\\r"]"#),
    Case("escaped control character", #"["\u0013"]"#), Case("escaped noncharacter", #"["\uFFFE"]"#),
    Case("in array", #"["sea"]"#), Case("in array, leading space", #"[ "sea"]"#),
    Case("last surrogates", #"["\uDBFF\uDFFF"]"#), Case("escaped no-break space", #"["a\u00A0b"]"#),
    Case("U+10FFFF", "[\"\u{10FFFF}\"]"), Case("U+FFFF", "[\"\u{FFFF}\"]"),
    Case("NUL escape", #"["\u0000"]"#),
    Case("escaped ASCII", #"["\u002d"]"#), Case("pi", "[\"\u{3C0}\"]"), Case("U+1BFFF", "[\"\u{1BFFF}\"]"),
    Case("simple", #"["sea "]"#), Case("space", #"" ""#), Case("clef", #"["\uD834\uDD1E"]"#),
    Case("escaped, three bytes", #"["\u0822"]"#), Case("escaped, two bytes", #"["\u0124"]"#),
    Case("U+2028", "[\"\u{2028}\"]"), Case("U+2029", "[\"\u{2029}\"]"),
    Case("escapes", #"["\u0062\u30af\u30EA\u30b8"]"#), Case("escaped newline", #"["cold\u000Asea"]"#),
    Case("delete", "[\"\u{7F}\"]"), Case("unicode", #"["\uA66E"]"#),
    Case("escaped backslash", #"["\u005C"]"#), Case("raw", "[\"\u{2341}\u{3E3}\u{2342}\"]"),
    Case("U+10FFFE", #"["\uDBFF\uDFFE"]"#), Case("U+1FFFE", #"["\uD83F\uDFFE"]"#),
    Case("zero-width space", #"["\u200B"]"#), Case("invisible plus", #"["\u2064"]"#),
    Case("U+FDD0", #"["\uFDD0"]"#), Case("U+FFFE", #"["\uFFFE"]"#), Case("UTF-8", "[\"\u{20AC}\u{1D11F}\"]"),
    Case("delete inside", "[\"x\u{7F}x\"]"), Case("escaped quote code", #"["\u0022"]"#),
  ]

  static let structures = [
    Case("lonely false", "false"), Case("lonely integer", "43"), Case("lonely real", "-0.3"),
    Case("lonely null", "null"), Case("lonely string", #""sea""#), Case("lonely true", "true"),
    Case("empty string", "\"\""), Case("trailing newline", "[\"q\"]\n"), Case("true in array", "[true]"),
    Case("white space", " \t\r\n[] \t\r\n"),
  ]

  static let badArrays = [
    Case("value without comma", "[4 false]"), Case("letter, bad UTF-8", "[b", [0xE5], "]"),
    Case("colon for comma", #"["": 4]"#), Case("comma after close", #"[""],"#), Case("comma first", "[,4]"),
    Case("double comma", "[4,,5]"), Case("double comma at the end", #"["w",,]"#),
    Case("extra close", #"["w"]]"#), Case("comma at the end", #"["",]"#), Case("incomplete", #"["w""#),
    Case("incomplete value", "[w"), Case("inner array without comma", "[5[6]]"),
    Case("bad UTF-8", "[", [0xFF], "]"), Case("semicolons", "[4;5]"), Case("only a comma", "[,]"),
    Case("only a minus", "[-]"), Case("missing value", "[   , \"\"]"),
    Case("newlines, unclosed", "[\"b\",\n6\n,7,"), Case("number and comma", "[4,]"),
    Case("number and commas", "[4,,]"), Case("vertical tab", "[\"\u{B}b\"\\f]"), Case("star", "[*]"),
    Case("unclosed", "[\"\""), Case("unclosed after comma", "[4,"), Case("unclosed, newlines", "[4,\n4\n,4"),
    Case("unclosed, object inside", "[{}"),
  ]

  static let badNumbers =
    [
      "++2345", "+2", "+Inf", "-02", "-2.0.", "-3.", "-NaN", ".-2", ".3e-4", "0.2.3", "0.4e+", "0.4e", "0.e2",
      "0E+", "0E", "0e+", "0e", "2.0e+", "2.0e-", "2.0e", "2 000.0", "2eE3", "3.e+4", "3.e-4", "3.e4", "8.e+",
      "Inf", "NaN", "\u{FF12}", "2+3", "0x2", "0x43", "Infinity", "0e+-2", "-124.124sea", "-Infinity", "-sea",
      "- 2", "-013", "-.124", "-2x", "2ea", "2.", ".124", "2.3b-23", "2.9e02.9e", "013", "-", "--1",
      "123\u{E9}",
    ].map { Case($0, "[\($0)]") } + [
      Case("bad UTF-8 in an integer", "[124", [0xE5], "]"),
      Case("bad UTF-8 in exponent", "[2e2", [0xE5], "]"),
      Case("bad UTF-8 after 0", "[0", [0xE5], "]\n"), Case("bad UTF-8 after e", "[2e", [0xE5], "]"),
      Case("digits, then 00", "124\u{0}\u{0}"),
    ]

  static let badObjects = [
    Case("bad value", #"["w", falsehood]"#), Case("bracket as key", #"{[: "w"}"#),
    Case("comma for colon", #"{"w", null}"#), Case("double colon", #"{"w"::"c"}"#),
    Case("emoji", "{\u{1F1EB}\u{1F1F7}}"), Case("garbage at end", #"{"b":"b" 124}"#),
    Case("single quotes", "{key: 'value'}"), Case("continuation byte in key", "{\"", [0xB9], "\":\"0\",}"),
    Case("missing colon", #"{"b" c}"#), Case("missing key", #"{:"c"}"#), Case("missing sign", #"{"b" "c"}"#),
    Case("missing value", #"{"b":"#), Case("no colon", #"{"b""#), Case("number as key", #"{2:2}"#),
    Case("huge number as key", "{9999E9999:2}"), Case("nulls as keys", "{null:null,null:null}"),
    Case("trailing commas", #"{"ids":0,,,,,}"#), Case("single quote", "{'b':0}"),
    Case("trailing comma", #"{"ids":0,}"#), Case("trailing comment", #"{"b":"c"}/**/"#),
    Case("trailing comment, open", #"{"b":"c"}/**//"#), Case("trailing slashes", #"{"b":"c"}//"#),
    Case("trailing slash", #"{"b":"c"}/"#), Case("commas in a row", #"{"b":"c",,"d":"e"}"#),
    Case("unquoted key", #"{b: "c"}"#), Case("unterminated value", #"{"b":"b"#),
    Case("single string", #"{ "sea" : "land", "b" }"#), Case("trailing garbage", ##"{"b":"c"}#"##),
  ]

  static let badStrings =
    [
      #""\uD800\""#, #""\uD800\u""#, #""\uD800\u1""#, #""\uD800\u1x""#, "\u{E9}", #""\x01""#, #""\\\""#,
      "\"\\\t\"", "\"\\\u{1F30D}\"", #""\""#, #""\u00B""#, #""\uD835\uDD""#, #""\uD801\uD801\x""#, #""\b\q""#,
      #""\uqqqq""#, #"\u0021"sea""#, #"\n"#, "\"", "'one quote'", "sea", #""\"#, "\"b\u{0}b\"",
      "\"new\nline\"",
      "\"\t\"", #""\UA66E""#, "\"\"x", "\"\u{1F}\"",
    ].map { Case($0, "[\($0)]") } + [
      Case("backslash and NUL", "[\"\\", [0], "\"]"), Case("bad UTF-8 after escape", "[\"\\", [0xE5], "\"]"),
      Case("bad UTF-8 in escape", "[\"\\u", [0xE5], "\"]"), Case("trailing garbage", "\"\"x"),
      Case("surrogate in UTF-8", "[\"", [0xED, 0xA0, 0x80], "\"]"),
      Case("overlong", "[\"", [0xC0, 0xAF], "\"]"), Case("truncated", "[\"", [0xE0, 0xFF], "\"]"),
    ]

  static let badStructures = [
    Case("many open arrays", String(repeating: "[", count: 100_000)), Case("nothing", ""),
    Case("one space", " "), Case("word joiner", "[\u{2060}]"), Case("mark and no data", "\u{FEFF}"),
    Case("part of a mark", "", [0xEF, 0xBB], "{}"), Case("angle bracket", "<.>"),
    Case("angle null", "[<null>]"),
    Case("garbage after array", "[2]w"), Case("extra close", "[2]]"), Case("unclosed string", "[\"bcd]"),
    Case("identifier", "b\u{E5}"), Case("capital", "[True]"), Case("close of nothing", "2]"),
    Case("comma for brace", #"{"w": true,"#), Case("two arrays", "[][]"), Case("end of array", "]"),
    Case("lone byte", "", [0xE5], ""), Case("open bracket", "["), Case("NUL outside", "[", [0], "]"),
    Case("garbage after number", "3@"), Case("extra brace", "{}}"), Case("no value", #"{"":"#),
    Case("comment", #"{"b":/*comment*/"c"}"#), Case("garbage after object", #"{"b": true} "w""#),
    Case("apostrophe", "['"), Case("open, comma", "[,"),
    Case("many open objects", String(repeating: "[{\"\":", count: 50_000)), Case("array, object", "[{"),
    Case("open string", "[\"b"), Case("string", "[\"b\""), Case("open object", "{"),
    Case("wrong close", "{]"),
    Case("object, comma", "{,"), Case("object, array", "{["), Case("object, string", "{\"b"),
    Case("apostrophes", "{'b'"), Case("open open", "[\"\\{[\"\\{[\"\\{[\"\\{"),
    Case("e acute", "", [0xE9], ""),
    Case("star", "*"), Case("hash", ##"{"b":"c"}#{}"##), Case("escaped newline outside", #"[\u000A""]"#),
    Case("unclosed", "[2"), Case("part of null", "[ false, nul"), Case("part of false", "[ true, fals"),
    Case("part of true", "[ false, tru"), Case("unclosed object", #"{"sea":"land""#),
    Case("unicode identifier", "\u{E5}"), Case("word joiner alone", "\u{2060}"), Case("form feed", "[\u{C}]"),
    Case("incomplete false", "[fals]"), Case("incomplete null", "[nul]"), Case("incomplete true", "[tru]"),
  ]

  static let open = [
    Case("large exponent", "[0.4e00669999999999999999999999999999999999999999999999999999999999999999999]"),
    Case("small exponent", "[123.456e-789]"), Case("large integer", "[-123123123123123123123123123123]"),
    Case("lone surrogate", #"["\uDADA"]"#), Case("inverted surrogates", #"["\uDd1e\uD834"]"#),
    Case("mark before data", "\u{FEFF}{}"), Case("deep", String(repeating: "[", count: 500) + "]"),
    Case("UTF-16", "", [0xFF, 0xFE, 0x5B, 0, 0x5D, 0], ""), Case("overlong NUL", "[\"", [0xC0, 0x80], "\"]"),
  ]
}
