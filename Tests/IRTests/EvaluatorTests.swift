import IR
import Testing

/// The meaning of the operations whose results can be written down.
@Suite struct EvaluatorTests {
  private static let matrix = """
    %t: i32[1] = tokens()
    $w: f32[2, 3] = constant() {source = values[1.0, -2.0, 3.0, 0.0, 0.5, -4.0]}

    """

  private static let units = "$s: f32[2] = constant() {source = values[0.0625, 0.5]}\n"
  /// Steps of 0.4375 and 1.
  private static let grouped =
    units + "$u: i8[2, 1] = group_factors($w, $s)\n$q: i4[2, 3] = quantize_weight($w, $s, $u)\n"

  private static let constantsCases: [(String, [Float])] = [
    ("$r: f32[1, 3] = slice_rows($w) {start = 1, count = 1}", [0, 0.5, -4]),
    ("$r: f32[3, 2] = reshape($w) {rows = 3}", [1, -2, 3, 0, 0.5, -4]),
    ("$r: f32[2] = weight_scale($w) {per = \"row\"}", [3 / 127, 4 / 127]),
    ("$r: f32[1] = weight_scale($w) {per = \"tensor\"}", [4 / 127]),
    ("$r: f32[2] = weight_scale($w) {per = \"group\"}", [3 / 441, 4 / 441]),
    (units + "$r: i8[2, 1] = group_factors($w, $s)", [7, 2]),
    (units + "$r: i8[2, 1] = group_factors($w, $s) {clip = \"least-error\"}", [7, 1]),
    (grouped, [2, -5, 7, 0, 0, -4]),
    (grouped + "$r: f32[2, 3] = dequantize_weight($q, $s, $u)", [0.875, -2.1875, 3.0625, 0, 0, -4]),
    (
      "$s: f32[2] = constant() {source = values[0.5, 2.0]}\n$r: i8[2, 3] = quantize_weight($w, $s)",
      [2, -4, 6, 0, 0, -2]
    ),
    (
      "$s: f32[1] = constant() {source = splat(0.015625)}\n$r: i8[2, 3] = quantize_weight($w, $s)",
      [64, -127, 127, 0, 32, -127]
    ),
    (
      """
      $s: f32[2] = constant() {source = values[0.5, 2.0]}
      $q: i8[2, 3] = quantize_weight($w, $s)
      $r: f32[2, 3] = dequantize_weight($q, $s)
      """, [1, -2, 3, 0, 0, -4]
    ),
    (
      "$f: f32[3] = constant() {source = values[2.0, 1.0, -1.0]}\n$r: f32[2, 3] = scale_columns($w, $f)",
      [2, -2, -3, 0, 0.5, 4]
    ),
    (
      "$f: f32[2] = constant() {source = values[2.0, -1.0]}\n$r: f32[2, 3] = scale_rows($w, $f)",
      [2, -4, 6, 0, -0.5, 4]
    ),
    (
      "$f: f32[2] = constant() {source = values[2.0, -1.0]}\n$r: f32[2] = scale_rows($f, $f)", [4, 1]
    ),
    ("$r: f32[3] = column_max($w)", [1, 2, 4]),
    (
      "$m: f32[3] = constant() {source = values[0.0, 8.0, 1.0]}\n$r: f32[3] = column_max($w, $m)", [1, 8, 4]
    ),
    ("$f: f32[2] = constant() {source = values[2.0, -0.5]}\n$r: f32[2] = reciprocal($f)", [0.5, -2]),
    ("$r: f32[2, 3] = rotate_rows($w) {block = 1, order = 1}", [1, -2, 3, 0, 0.5, -4]),
    (
      "$s: f32[2] = constant() {source = values[0.5, 2.0]}\n$r: f32[2] = requantize_multiplier($s) {input = 0.5, rows = 2, output = 0.25}",
      [1, 4]
    ),
    (
      "$s: f32[1] = constant() {source = splat(0.5)}\n$r: f32[2] = requantize_multiplier($s) {input = 0.5, rows = 2}",
      [0.25, 0.25]
    ),
    (
      "$s: f32[2] = constant() {source = values[0.5, 2.0]}\n$r: f32[2] = requantize_bias($s, $s)", [1, 1]
    ),
    (
      "$b: f32[2] = constant() {source = values[0.5, 2.0]}\n$r: f32[2] = requantize_bias($b) {output = 0.5}",
      [1, 4]
    ),
    (
      "$z: f32[2, 3] = constant() {source = zero}\n$r: f32[2, 3] = negative_exp($z)",
      [-1, -1, -1, -1, -1, -1]
    ),
    ("$z: f32[2, 3] = constant() {source = zero}\n$r: f32[1] = weight_scale($z) {per = \"tensor\"}", [1]),
  ]

  @Test(arguments: constantsCases)
  func constants(nodes: String, expected: [Float]) throws {
    #expect(try Sample.evaluate(stage: "quantized", Self.matrix + nodes) == expected)
  }

  private static let rowsCases: [(String, [Float])] = [
    ("%y: f32[3] = add(%x, %x)", [0, 1, -8, 2, -4, 6]),
    ("%y: f32[3] = select_rows(%x)", [0, 0.5, -4, 1, -2, 3]),
    (
      "$f: f32[3] = constant() {source = values[2.0, -1.0, 0.5]}\n%y: f32[3] = scale_channels(%x, $f)",
      [0, -0.5, -2, 2, 2, 1.5]
    ),
    ("%y: f32[2] = slice(%x) {start = 1, count = 2}", [0.5, -4, -2, 3]),
    (
      "$b: f32[2] = constant() {source = values[10.0, 20.0]}\n%y: f32[2] = linear(%x, $w, $b)",
      [-3, 36.25, 24, 7]
    ),
    ("%y: f32[2] = linear(%x, $w)", [-13, 16.25, 14, -13]),
  ]

  @Test(arguments: rowsCases)
  func rows(nodes: String, expected: [Float]) throws {
    let lookup = "%x: f32[3] = embedding(%t, $w)\n"
    #expect(try Sample.evaluate(tokens: [1, 0], Self.matrix + lookup + nodes) == expected)
  }

  @Test func embeddingOfCodes() throws {
    let nodes = """
      $s: f32[2] = constant() {source = values[0.5, 2.0]}
      $q: i8[2, 3] = quantize_weight($w, $s)
      %x: f32[3] = embedding(%t, $q, $s)
      """
    let rows = try Sample.evaluate(stage: "ranged", tokens: [1, 0, 1], Self.matrix + nodes)
    #expect(rows == [0, 0, -4, 1, -2, 3, 0, 0, -4])
  }

  @Test func dequantizedCodes() throws {
    let nodes = """
      %x: f32[3] = embedding(%t, $w)
      $s: f32[3] = constant() {source = values[1.0, 0.125, 0.01]}
      %q: i8[3]@[$s] = quantize(%x)
      %y: f32[3] = dequantize(%q)
      """
    #expect(
      try Sample.evaluate(stage: "ranged", tokens: [0], Self.matrix + nodes) == [1, -2, 127 * Float(0.01)])
  }

  /// The scale is 3 / 32639, so that 1 is 10880 codes, -2 is -21759, 0.5 is 5440.
  @Test func codesOf16Bits() throws {
    let nodes = """
      %x: f32[3] = embedding(%t, $w)
      %q: i16[3]@9.191458e-05 = quantize(%x) {bits = 16}
      $s: f32[2] = constant() {source = splat(1.0)}
      $o: f32[2] = constant() {source = zero}
      $c: i8[2, 3] = quantize_weight($w, $s)
      """
    let values = try Sample.evaluate(
      stage: "quantized", tokens: [0, 1], Self.matrix + nodes + "\n%y: f32[3] = dequantize(%q)")
    #expect(zip(values, [1, -2, 3, 0, 0.5, -3]).allSatisfy { abs($0 - $1) < 5e-5 })
    let sums = try Sample.evaluate(
      stage: "quantized", tokens: [0, 1], Self.matrix + nodes + "\n%y: f32[2] = linear_int8(%q, $c, $s, $o)")
    // 10880 + 2 · 21759 + 3 · 32639, and so on.
    #expect(sums == [152_315, -130_556, -108_797, 130_556])
  }

  /// Codes of 2, -4, 6 and 0, 1, -8 times those of 4 bits and their factors 7 and 2.
  @Test func productsOf4Bits() throws {
    let nodes = """
      %x: f32[3] = embedding(%t, $w)
      %codes: i8[3]@0.5 = quantize(%x)
      $one: f32[2] = constant() {source = splat(1.0)}
      $o: f32[2] = constant() {source = zero}

      """
    let sums = try Sample.evaluate(
      stage: "quantized", tokens: [0, 1],
      Self.matrix + nodes + Self.grouped + "%y: f32[2] = linear_int8(%codes, $q, $one, $o, $u)")
    #expect(sums == [462, -48, -427, 64])
  }

  @Test(arguments: [
    (Float(32639), Float(127), Float(127)), (-32639, -127, -127), (128, 1, -128), (-129, -1, 127),
  ])
  func planes(code: Float, high: Float, low: Float) {
    #expect(Quantizer.planes(code) == (high, low))
  }

  @Test func noTokens() throws {
    #expect(try Sample.evaluate(tokens: [], Self.matrix + "%x: f32[3] = embedding(%t, $w)").isEmpty)
  }

  private static let smoothingCases: [(String, Float, [Float])] = [
    ("values[4.0, 4.0, 1.0]", 1, [1, 1, 0.25]), ("values[4.0, 4.0, 1.0]", 0, [2, 1, 0.5]),
    ("values[4.0, 2.0, 1.0]", 0.5, [1, 0.5, 0.25]), ("zero", 0.5, [1, 1, 1]),
    ("values[1024.0, 0.0, 1.0]", 1, [1, 1 / 1024, 1 / 1024]),
  ]

  /// Columns of 1, 2 and 4; full strength makes the channels even, none makes the columns even.
  @Test(arguments: smoothingCases)
  func smoothingFactors(_ activations: String, _ strength: Float, _ expected: [Float]) throws {
    let found = try Sample.evaluate(
      Self.matrix + """
        $a: f32[3] = constant() {source = \(activations)}
        $c: f32[3] = column_max($w)
        $r: f32[3] = smoothing_factors($a, $c) {strength = \(strength)}
        """)
    for (x, y) in zip(found, expected) { #expect(abs(x - y) <= 1e-6 * y) }
  }

  @Test(arguments: [-1, 2]) func tokensOutsideTheTable(_ token: Int) {
    #expect(throws: TypeError("token \(token) is not below 2")) {
      try Sample.evaluate(tokens: [token], Self.matrix + "%x: f32[3] = embedding(%t, $w)")
    }
  }

  @Test func tensorsThatAreNotThere() {
    #expect(throws: TypeError("there is no tensor 'w'")) {
      try Sample.evaluate("%t: i32[1] = tokens()\n$w: f32[1] = constant() {source = from \"w\"}")
    }
  }

  /// Weights and fixtures of other tests rest on these numbers.
  @Test func randomConstantsNeverChange() throws {
    let values = try Sample.evaluate(
      "%t: i32[1] = tokens()\n$w: f32[10000] = constant() {source = random(1, 2.0)}")
    #expect(values.prefix(3) == [-1.2959499, -1.0569215, -1.6218841])
    #expect(values.allSatisfy { $0 >= -2 && $0 < 2 })
    #expect(abs(values.reduce(0, +) / 10000) < 0.05)
    let others = try Sample.evaluate(
      "%t: i32[1] = tokens()\n$w: f32[10000] = constant() {source = random(2, 2.0)}")
    #expect(zip(values, others).allSatisfy { $0 != $1 })
  }

  private static let scalesCases: [(Float, Float)] = [
    (Float(127), Float(1)), (0, 1), (.leastNonzeroMagnitude, 1),
    (Float.leastNormalMagnitude, 1), (2e-36, 2e-36 / 127),
    (.infinity, .infinity),
  ]

  @Test(arguments: scalesCases)
  func scales(maximum: Float, scale: Float) {
    #expect(Quantizer.scale(maximum: maximum) == scale)
    #expect(maximum.isInfinite || Quantizer.inverse(scale: scale).isFinite)
  }
}
