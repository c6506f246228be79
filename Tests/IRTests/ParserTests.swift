import Diagnostics
import IR
import Testing

/// What the parser says about texts that are not modules: one finding each, at its place.
@Suite struct ParserTests {
  static let head = "quamba-ir 1\narchitecture \"m\"\nlayers 1\nstage ranged\n"
  static let tail = " at \"o\" by p\nreturn %t"

  private static let framingCases: [(String, String)] = [
    ("", "1:1: 'quamba-ir' is expected here"),
    ("\n\n  ", "3:3: 'quamba-ir' is expected here"),
    ("%t", "1:1: 'quamba-ir' is expected here"),
    ("quamba-ir 2\n", "1:11: only version 1 is known"),
    ("quamba-ir\n", "1:10: only version 1 is known"),
    ("quamba-ir 1\r\n", "1:12: the line should end here"),
    ("quamba-ir 1 1\n", "1:13: the line should end here"),
    ("quamba-ir 1\nlayers 1", "2:1: 'architecture' is expected here"),
    ("quamba-ir 1\narchitecture mamba", "2:14: the architecture in quotes is expected here"),
    ("quamba-ir 1\narchitecture \"m", "2:14: the string does not end on its line"),
    ("quamba-ir 1\narchitecture \"\\n\"", "2:14: the escape is not one of \\\", \\\\ and \\u{…}"),
    ("quamba-ir 1\narchitecture \"\\u{d800}\"", "2:14: the escape is not one of \\\", \\\\ and \\u{…}"),
    ("quamba-ir 1\narchitecture \"\\u{+41}\"", "2:14: the escape is not one of \\\", \\\\ and \\u{…}"),
    ("quamba-ir 1\narchitecture \"\\u{41\"", "2:14: the escape is not one of \\\", \\\\ and \\u{…}"),
    ("quamba-ir 1\narchitecture \"m\"\nstage", "3:1: 'layers' is expected here"),
    ("quamba-ir 1\narchitecture \"m\"\nlayers \"1\"", "3:8: a number of layers is expected here"),
    ("quamba-ir 1\narchitecture \"m\"\nlayers -1", "3:8: '-1' is not a number of layers"),
    ("quamba-ir 1\narchitecture \"m\"\nlayers 1\n\nstage done", "5:7: 'done' is not a stage"),
    (head, "5:1: 'return' is expected here"),
    (head + "layers 1", "5:1: 'return' is expected here"),
    (head + "é", "5:1: a character outside ASCII stands outside quotes"),
    (head + "return", "5:7: a value is expected here"),
    (head + "return %t", "5:8: '%t' is not defined before this line"),
    (head + "%", "5:1: a name must follow '%'"),
    (head + "%t: i32[1] = tokens()" + tail + "\nreturn %t", "7:1: nothing may follow 'return'"),
  ]

  @Test(arguments: framingCases)
  func framing(text: String, message: String) { check(text, message) }

  private static let nodesCases: [(String, String)] = [
    ("%t i32[1] = tokens()", "5:4: ':' is expected here"),
    ("%t: [1] = tokens()", "5:5: a type is expected here"),
    ("%t: f64[1] = tokens()", "5:5: 'f64' is not a type"),
    ("%t: i32 = tokens()", "5:9: '[' is expected here"),
    ("%t: i32[] = tokens()", "5:9: a size is expected here"),
    ("%t: i32[x] = tokens()", "5:9: 'x' is not a size"),
    ("%t: i32[2, 0] = tokens()", "5:12: the shape is empty or beyond 8 sizes and 2^40 elements"),
    ("%t: i32[-1] = tokens()", "5:9: the shape is empty or beyond 8 sizes and 2^40 elements"),
    ("%t: i32[2, 549755813889] = tokens()", "5:12: the shape is empty or beyond 8 sizes and 2^40 elements"),
    (
      "%t: i32[4, 9223372036854775807] = tokens()",
      "5:12: the shape is empty or beyond 8 sizes and 2^40 elements"
    ),
    ("%t: i32[9223372036854775808] = tokens()", "5:9: '9223372036854775808' is not a size"),
    ("%t: i32[1,1,1,1,1,1,1,1,1] = tokens()", "5:25: the shape is empty or beyond 8 sizes and 2^40 elements"),
    ("%t: i32[1 = tokens()", "5:11: ']' is expected here"),
    ("%t: i8[1]@ = tokens()", "5:12: a scale is expected here"),
    ("%t: i8[1]@nan = tokens()", "5:11: 'nan' is not a scale"),
    ("%t: i8[1]@1e39 = tokens()", "5:11: '1e39' is not a scale"),
    ("%t: i8[1]@[0.5] = tokens()", "5:12: a value is expected here"),
    ("%t: i8[1]@[$s] = tokens()", "5:12: '$s' is not defined before this line"),
    ("%t: i32[1] tokens()", "5:12: '=' is expected here"),
    ("%t: i32[1] = ()", "5:14: an operation is expected here"),
    ("%t: i32[1] = token()", "5:14: 'token' is not an operation"),
    ("%t: i32[1] = constant()", "5:14: constant defines a constant, named with '$'"),
    ("$t: i32[1] = tokens()", "5:14: tokens defines a row, named with '%'"),
    ("%t: i32[1] = tokens", "5:21: '(' is expected here"),
    ("%t: i32[1] = tokens(,)", "5:21: a value is expected here"),
    ("%t: i32[1] = tokens(%t)", "5:21: '%t' is not defined before this line"),
    ("%t: i32[1] = tokens(", "5:22: a value is expected here"),
  ]

  @Test(arguments: nodesCases)
  func nodes(node: String, message: String) { check(Self.head + node + Self.tail, message) }

  private static let attributesCases: [(String, String)] = [
    ("{", "5:28: an attribute is expected here"),
    ("{}", "5:28: an attribute is expected here"),
    ("{a}", "5:29: '=' is expected here"),
    ("{a = }", "5:32: a value is expected here"),
    ("{a = 1, a = 2}", "5:35: attribute 'a' is given twice"),
    ("{a = 1", "5:33: '}' is expected here"),
    ("{a = inf}", "5:32: there is no source 'inf'"),
    ("{a = -x}", "5:32: '-x' is not a number"),
    ("{a = 1e99}", "5:32: '1e99' is not a number"),
    ("{a = from x}", "5:37: the name of a tensor in quotes is expected here"),
    ("{a = splat 1}", "5:38: '(' is expected here"),
    ("{a = splat(x)}", "5:38: 'x' is not a number"),
    ("{a = splat(1}", "5:39: ')' is expected here"),
    ("{a = random(1.5, 1)}", "5:39: '1.5' is not a seed"),
    ("{a = random(1)}", "5:40: ',' is expected here"),
    ("{a = signs(x)}", "5:38: 'x' is not a seed"),
    ("{a = random(1, big)}", "5:42: 'big' is not an amplitude"),
    ("{a = values[]}", "5:39: a number is expected here"),
    ("{a = values[1,]}", "5:41: a number is expected here"),
  ]

  @Test(arguments: attributesCases)
  func attributes(attributes: String, message: String) {
    check(Self.head + "%t: i32[1] = tokens()     \(attributes)\n" + Self.tail, message)
  }

  /// Each is compared with those before it.
  @Test func manyAttributes() {
    let attributes = (10...26).map { "a\($0) = 1" }.joined(separator: ", ")
    self.attributes(attributes: "{\(attributes)}", message: "5:172: a node has at most 16 attributes")
  }

  private static let endingsCases: [(String, String)] = [
    ("", "5:22: 'at' is expected here"),
    (" at", "5:25: the origin in quotes is expected here"),
    (" at \"o\"", "5:29: 'by' is expected here"),
    (" at \"o\" by", "5:32: the name of a pass is expected here"),
    (" at \"o\" by p q", "5:35: the line should end here"),
    (" at \"o\" by p\n%t: i32[1] = tokens()", "6:1: '%t' is defined twice"),
  ]

  @Test(arguments: endingsCases)
  func endings(ending: String, message: String) {
    check(Self.head + "%t: i32[1] = tokens()" + ending, message)
  }

  private func check(_ text: String, _ message: String) {
    let failure = #expect(throws: DiagnosticFailure.self) { try Module(parsing: text) }
    #expect(failure?.description == "error[bad-ir-text]: \(message)", "\(text)")
    #expect(failure?.exitStatus == .badData)
  }
}
