import Diagnostics
import IR
import Testing

/// What each operation's type rule refuses.
@Suite struct TypeRuleTests {
  private static let constants = """
    $v: f32[4] = constant() {source = splat(0.5)}
    $w: f32[3, 4] = constant() {source = splat(0.5)}
    $a: f32[4, 3] = constant() {source = splat(-0.5)}
    $s: f32[3] = constant() {source = splat(0.5)}
    $q: i8[3, 4] = quantize_weight($w, $s)
    %c: i8[4]@0.5 = quantize(%x)
    %p: i8[4]@[$v] = quantize(%x)

    """

  private static let constantsCases: [(String, String)] = [
    ("$r: f32[2, 4] = slice_rows($w) {start = 2, count = 2}", "rows 2 and 2 more do not lie in f32[3, 4]"),
    (
      "$r: f32[2, 4] = slice_rows($w) {start = -1, count = 2}",
      "attribute 'start' is -1, at least 0 is needed"
    ),
    (
      "$r: f32[2, 4] = slice_rows($w) {start = 9223372036854775807, count = 9223372036854775807}",
      "rows 9223372036854775807 and 9223372036854775807 more do not lie in f32[3, 4]"
    ),
    ("$r: f32[2, 4] = slice_rows($w) {start = 0, count = 0}", "attribute 'count' is 0, at least 1 is needed"),
    ("$r: f32[5, 2] = reshape($w) {rows = 5}", "f32[3, 4] cannot have 5 rows"),
    ("$r: f32[3, 4] = negative_exp($q)", "floats are needed"),
    ("$r: f32[3, 4] = scale_columns($w, $s)", "operand 1 is f32[3], floats of shape [4] are needed"),
    ("$r: f32[3, 4] = scale_columns($v, $v)", "operand 0 is f32[4], a matrix of floats is needed"),
    ("$r: f32[4] = column_max($w, $s)", "operand 1 is f32[3], floats of shape [4] are needed"),
    ("$r: f32[4] = column_max($v)", "operand 0 is f32[4], a matrix of floats is needed"),
    (
      "$r: f32[4] = smoothing_factors($v, $v) {strength = 1.5}",
      "attribute 'strength' is a number from 0 to 1"
    ),
    (
      "$r: f32[4] = smoothing_factors($v, $s) {strength = 0.5}",
      "operand 1 is f32[3], floats of shape [4] are needed"
    ),
    ("$r: f32[3, 4] = smoothing_factors($w, $w) {strength = 0.5}", "a vector of floats is needed"),
    ("$r: f32[3, 4] = reciprocal($q)", "floats are needed"),
    ("$r: f32[3, 4] = scale_rows($w, $v)", "operand 1 is f32[4], floats of shape [3] are needed"),
    (
      "$r: f32[3, 4] = scale_rows($q, $s)",
      "operand 0 is i8[3, 4], a matrix or a vector of floats is needed"
    ),
    (
      "$r: f32[3, 4] = rotate_rows($w) {block = 4, order = 1}",
      "no Hadamard transform of block 4 and order 1 fills width 3"
    ),
    (
      "$r: f32[3, 4] = rotate_columns($w) {block = 8, order = 1}",
      "no Hadamard transform of block 8 and order 1 fills width 4"
    ),
    (
      "$r: f32[3, 4] = rotate_columns($w) {block = 0, order = 0}",
      "no Hadamard transform of block 0 and order 0 fills width 4"
    ),
    (
      "$r: f32[3] = weight_scale($w) {per = \"row\", clip = \"percentile:0\"}",
      "attribute 'clip' is maximum, least-error, or percentile:P with P above 0 and at most 100"
    ),
    (
      "$r: f32[3] = weight_scale($w) {per = \"column\"}",
      "attribute 'per' is \"tensor\", \"row\" or \"group\""
    ),
    ("$r: i8[3, 2] = group_factors($w, $s)", "the type is i8[3, 2], i8[3, 1] follows from the operands"),
    (
      "$r: i8[3, 1] = group_factors($w, $s) {clip = \"some\"}",
      "attribute 'clip' is maximum, least-error, or percentile:P with P above 0 and at most 100"
    ),
    ("$r: i4[3, 4] = quantize_weight($w, $s, $q)", "operand 2 is i8[3, 4], i8[3, 1] is needed"),
    ("$r: f32[3, 4] = dequantize_weight($q, $s, $s)", "operand 0 is i8[3, 4], a matrix of i4 is needed"),
    (
      "$r: i8[3, 4] = quantize_weight($w, $v)",
      "operand 1 is f32[4], one scale or one for each of 3 rows is needed"
    ),
    ("$r: i8[3, 4] = quantize_weight($q, $s)", "operand 0 is i8[3, 4], a matrix of floats is needed"),
    ("$r: f32[3, 4] = dequantize_weight($w, $s)", "operand 0 is f32[3, 4], a matrix of i8 is needed"),
    (
      "$r: f32[3] = requantize_multiplier($s) {input = 0.0, rows = 3}",
      "attribute 'input' is 0.0, a finite value above zero is needed"
    ),
    (
      "$r: f32[3] = requantize_multiplier($s, $s) {input = 1.0, rows = 3, output = 1.0}",
      "the output scale is given as attribute and as operand"
    ),
    ("$r: f32[3] = requantize_bias($q)", "a vector of floats is needed"),
  ]

  @Test(arguments: constantsCases)
  func constants(node: String, message: String) { check(node, name: "r", message) }

  private static let rowsCases: [(String, String)] = [
    ("%y: f32[4] = embedding(%t, $w, $s)", "a table of codes, and no other, has scales"),
    ("%y: f32[4] = embedding(%t, $q)", "a table of codes, and no other, has scales"),
    ("%y: f32[4] = embedding(%x, $w)", "operand 0 must be token ids"),
    ("%y: f32[4] = rms_norm(%x, $s) {epsilon = 1.0}", "operand 1 is f32[3], floats of shape [4] are needed"),
    (
      "%y: f32[4] = rms_norm(%x, $v) {epsilon = -1.0}",
      "attribute 'epsilon' is -1.0, a finite value above zero is needed"
    ),
    ("%y: f32[4] = rms_norm(%x, $v) {epsilon = 1.0, groups = 3}", "3 groups do not divide a width of 4"),
    (
      "%y: f32[4] = rms_norm(%x, $v) {epsilon = 1.0, groups = 0}",
      "attribute 'groups' is 0, at least 1 is needed"
    ),
    ("%y: f32[3] = linear(%x, $q)", "operand 1 is i8[3, 4], a matrix of floats is needed"),
    ("%y: f32[3] = linear(%c, $w)", "operand 0 is i8[4], a row of f32 is needed"),
    ("%y: f32[3] = linear(%x, $w, $v)", "operand 2 is f32[4], floats of shape [3] are needed"),
    ("%y: f32[3] = conv1d(%x, $w)", "the input is 4 wide, the weight takes 3"),
    ("%y: f32[3] = conv1d(%x, $q)", "operand 1 is i8[3, 4], a matrix of floats is needed"),
    (
      "%y: f32[4] = selective_scan(%x, %x, %x, %x, %x, $w, $v, $v)",
      "operand 5 is f32[3, 4], floats of shape [4, 4] are needed"
    ),
    ("%y: f32[4] = selective_scan(%x, %n, %x, %x, %x, $w, $v, $v)", "operand 1 is 3 wide, u is 4"),
    (
      "%y: f32[4] = selective_scan(%x, %x, %n, %n, %x, $a, $v, $v, $v) {state = \"f16\"}",
      "a state of codes, and no other, has scales"
    ),
    (
      "%y: f32[4] = selective_scan(%x, %x, %n, %n, %x, $a, $v, $v, $s) {state = \"i8\"}",
      "operand 8 is f32[3], floats of shape [4] are needed"
    ),
    (
      "%y: f32[4] = selective_scan(%x, %x, %n, %n, %x, $a, $v, $v) {state = \"i4\"}",
      "attribute 'state' is \"f16\" or \"i8\", or left out"
    ),
    ("%y: f32[4] = selective_scan(%x, %x, %x, %n, %x, $w, $v, $v)", "c is 3 wide, b is 4"),
    ("%y: f32[4] = selective_scan(%x, %n, %x, %x, %x, $s, $s, $s)", "3 heads do not divide 4 channels"),
    (
      "%y: f32[4] = selective_scan(%x, %x, %n, %n, %x, $v, $v, $v) {groups = 2}",
      "2 groups do not divide 4 heads and a width of 3"
    ),
    (
      "%y: f32[4] = selective_scan(%x, %x, %n, %n, %x, $v, $v, $s)",
      "operand 7 is f32[3], floats of shape [4] are needed"
    ),
    (
      "%y: f32[4] = selective_scan(%x, %x, %n, %n, %x, $v, $v, $v) {minimum = 0.5, maximum = 0.25}",
      "attribute 'minimum' is above attribute 'maximum'"
    ),
    (
      "%y: f32[4] = selective_scan(%x, %x, %n, %n, %x, $a, $v, $v) {maximum = 0.25}",
      "attribute 'maximum' is of a scan whose A is a vector"
    ),
    ("%y: f32[4] = add(%x, %n)", "widths 4 and 3 differ"),
    ("%y: f32[4] = gate(%x, %n)", "widths 4 and 3 differ"),
    (
      "%y: f32[4] = attention(%x, %x, %x) {heads = 3, key_heads = 2, scale = 1.0}",
      "3 heads cannot share the keys of 2 in equal groups"
    ),
    (
      "%y: f32[4] = attention(%x, %x, %x) {heads = 3, key_heads = 3, scale = 1.0}",
      "q is 4 wide, which 3 heads do not divide"
    ),
    (
      "%y: f32[4] = attention(%x, %x, %n) {heads = 2, key_heads = 2, scale = 1.0}",
      "k and v are 4 and 3 wide, 4 is needed"
    ),
    (
      "%y: f32[4] = attention(%x, %x, %x) {heads = 2, key_heads = 2, scale = 0.0}",
      "attribute 'scale' is 0.0, a finite value above zero is needed"
    ),
    ("%y: f32[4] = route(%x) {count = 5}", "5 of 4 experts cannot be chosen"),
    ("%y: f32[4] = dispatch(%x, %n) {expert = 3}", "there is no expert 3 among 3"),
    ("%y: f32[4] = combine(%x, %n, %x) {expert = 3}", "widths 4 and 3 differ"),
    ("%y: f32[4] = combine(%x, %x, %n) {expert = -1}", "attribute 'expert' is -1, at least 0 is needed"),
    ("%y: f32[4] = scale_channels(%x, $s)", "operand 1 is f32[3], floats of shape [4] are needed"),
    ("%y: f32[4] = scale_channels(%c, $v)", "operand 0 is i8[4], a row of f32 is needed"),
    ("%y: i8[4]@0.5 = quantize(%x) {bits = 12}", "attribute 'bits' is 12, 8 or 16 is needed"),
    ("%y: i8[4]@0.5 = quantize(%x) {bits = 16}", "the type is i8[4], i16[4] follows from the operands"),
    (
      "%y: f32[4] = hadamard(%x) {block = 4, order = 12}",
      "no Hadamard transform of block 4 and order 12 fills width 4"
    ),
  ]

  @Test(arguments: rowsCases)
  func rows(node: String, message: String) {
    check("%n: f32[3] = linear(%x, $w)\n" + node, name: "y", message)
  }

  private static let quantizedCases: [(String, String)] = [
    ("%y: f32[3] = linear_int8(%p, $q, $s, $s)", "operand 0 has a scale per channel, one is needed"),
    ("%y: f32[3] = linear_int8(%t, $q, $s, $s)", "operand 0 must be codes or f32"),
    ("%y: f32[3] = linear_int8(%n, $q, $s, $s)", "the input is 3 wide, the weight takes 4"),
    ("%y: f32[3] = linear_int8(%c, $w, $s, $s)", "operand 1 is f32[3, 4], a matrix of i8 is needed"),
    ("%y: f32[3] = linear_int8(%c, $q, $v, $s)", "operand 2 is f32[4], floats of shape [3] are needed"),
    ("%y: f32[3] = linear_int8(%c, $q, $s, $v)", "operand 3 is f32[4], floats of shape [3] are needed"),
    ("%y: f32[4] = dequantize(%x)", "operand 0 is f32[4], codes are needed"),
  ]

  @Test(arguments: quantizedCases)
  func quantized(node: String, message: String) {
    check("%n: f32[3] = linear(%x, $w)\n" + node, name: "y", message, stage: "quantized")
  }

  @Test func productsThatCouldOverflow() {
    let nodes = """
      $w: f32[1, 65537] = constant() {source = from "w"}
      $s: f32[1] = constant() {source = splat(1.0)}
      $q: i8[1, 65537] = quantize_weight($w, $s)
      %y: f32[1] = linear_int8(%x, $q, $s, $s)
      """
    let text = Sample.text(stage: "quantized", Sample.rows(65_537) + nodes)
    expect(text, "y", "65537 inputs could overflow 32 bits; at most 65536 may be summed")
  }

  @Test func slices() {
    let text = Sample.text(Sample.rows(4) + "%y: f32[2] = slice(%x) {start = 3, count = 2}")
    expect(text, "y", "channels 3 and 2 more do not lie in 4")
  }

  @Test func shapesThatOverflow() throws {
    #expect(ValueType(.f32, [1 << 40, 1 << 40]).elementCount == .max)
    #expect(ValueType(.f32, [1 << 40, 1 << 40, 0]).elementCount == 0)
    let huge = TypeContext(
      operands: [ValueType(.f32, [1 << 40, 1, 1 << 24])], attributes: ["rows": .integer(7)], scale: nil)
    #expect(throws: TypeError("f32[1099511627776, 1, 16777216] cannot have 7 rows")) {
      try OpSpec.of(.reshape).inferType(huge)
    }
  }

  private func check(_ node: String, name: String, _ message: String, stage: String? = nil) {
    let needed = stage ?? (node.contains("requantize") ? "quantized" : "ranged")
    expect(Sample.text(stage: needed, Sample.rows(4) + Self.constants + node), name, message)
  }

  private func expect(_ text: String, _ name: String, _ message: String) {
    let failure = #expect(throws: DiagnosticFailure.self) { try Module(parsing: text) }
    #expect(failure?.description == "error[bad-ir-text]: \(name): \(message)")
  }
}
