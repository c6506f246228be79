import Diagnostics
import IR
import Testing

/// Everything that the verifier finds, and nothing else.
@Suite struct VerifierTests {
  private static let findingsCases: [(String, [String])] = [
    ("$c: f32[1] = constant() {source = zero}\n%c: i32[1] = tokens()", ["c: the name is used twice"]),
    ("%t: i32[1] = tokens() {a = 1}", ["t: there is no attribute 'a'"]),
    ("$c: f32[1] = constant()\n%t: i32[1] = tokens()", ["c: attribute 'source' is missing"]),
    (
      "$c: f32[1] = constant() {source = 1}\n%t: i32[1] = tokens()",
      ["c: attribute 'source' is of the wrong kind"]
    ),
    ("%t: i32[1] = tokens()\n%u: f32[1] = silu()", ["u: silu has 0 operands, 1 are needed"]),
    ("%t: i32[1] = tokens()\n%u: f32[1] = linear(%t)", ["u: linear has 1 operands, 2 or 3 are needed"]),
    (
      "%t: i32[1] = tokens()\n%u: f32[1] = linear(%t, %t)", ["u: operand 'weight' is not a constant"]
    ),
    (
      "$c: f32[1] = constant() {source = zero}\n%u: f32[1] = silu($c)", ["u: operand 'x' is a constant"]
    ),
    ("%t: i32[2] = tokens()", ["t: the type is i32[2], i32[1] follows from the operands"]),
    ("%t: i32[1] = tokens()\n%u: f32[1] = silu(%t)", ["u: operand 0 is i32[1], a row of f32 is needed"]),
    ("%t: i32[1]@0.5 = tokens()", ["t: only a row of codes has a scale"]),
    (
      "$c: i8[1] = constant() {source = from \"x\"}\n%t: i32[1] = tokens()",
      ["c: a checkpoint tensor must be floats"]
    ),
    (
      "$c: bf16[1] = constant() {source = zero}\n%t: i32[1] = tokens()",
      ["c: only a checkpoint tensor may be other than f32"]
    ),
    (
      "$c: f32[2] = constant() {source = values[1.0]}\n%t: i32[1] = tokens()",
      ["c: 1 values are given for f32[2]"]
    ),
    (
      "%t: i32[2] = tokens() {a = 1}\n$c: f32[1] = constant()",
      ["t: there is no attribute 'a'", "c: attribute 'source' is missing"]
    ),
  ]

  @Test(arguments: findingsCases)
  func findings(nodes: String, messages: [String]) { check(Sample.text(nodes), messages) }

  private static let rangedFindingsCases: [(String, [String])] = [
    ("%q: i8[4] = quantize(%x)", ["q: the result type needs a scale"]),
    ("%q: i8[4]@0.0 = quantize(%x)", ["q: the scale 0.0 is not finite and above zero"]),
    ("%q: i8[4]@-1.0 = quantize(%x)", ["q: the scale -1.0 is not finite and above zero"]),
    ("%q: i8[4]@[%x] = quantize(%x)", ["q: the scales are no constant f32[4]"]),
    ("%q: i8[4]@[$table] = quantize(%x)", ["q: the scales are no constant f32[4]"]),
    ("%q: f32[4]@0.5 = quantize(%x)", ["q: only a row of codes has a scale"]),
    ("%q: f32[4] = dequantize(%x)", ["q: operand 0 is f32[4], codes are needed"]),
    ("%q: f32[4] = slice(%x) {start = 0, count = 4}", ["q: slice may not stand in stage ranged"]),
    (
      "%q: f32[4] = linear_int8(%x, $table, $table, $table)",
      ["q: linear_int8 may not stand in stage ranged", "q: operand 1 is f32[4, 4], a matrix of i8 is needed"]
    ),
  ]

  @Test(arguments: rangedFindingsCases)
  func rangedFindings(node: String, messages: [String]) {
    check(Sample.text(stage: "ranged", Sample.rows(4) + node), messages)
  }

  /// What cannot be written as text.
  @Test func modulesBuiltByHand() throws {
    var module = try Sample.module("%t: i32[1] = tokens()\n$c: f32[1] = constant() {source = zero}")
    module.result = ValueID(1)
    #expect(messages(module) == ["c: the result is a constant"])
    module.result = ValueID(2)
    #expect(messages(module) == ["the module has no result"])
    module.result = ValueID(0)
    module.nodes[0].name = "a b"
    module.nodes[0].pass = ""
    #expect(
      messages(module) == [
        "a b: \"a b\" is not made of ASCII letters, digits, '_', '.', '-' and '+'",
        "a b: \"\" is not made of ASCII letters, digits, '_', '.', '-' and '+'",
      ])
    module.nodes[0] = Node(.silu, [ValueID(1)], type: ValueType(.f32, [1]), name: "u", origin: "", pass: "p")
    #expect(messages(module) == ["u: it uses a value that is not defined before it"])
  }

  @Test(arguments: [
    (ConstantSource.splat(.nan), "splat(nan)"), (.values([.infinity]), "values[inf]"),
    (.random(seed: 1, amplitude: -.infinity), "random(1, -inf)"),
  ])
  func sourcesThatAreNotFinite(source: ConstantSource, text: String) throws {
    var module = try Sample.module("%t: i32[1] = tokens()\n$c: f32[1] = constant() {source = zero}")
    module.nodes[1].attributes["source"] = .source(source)
    #expect(messages(module) == ["c: the source \(text) is not finite"])
    module.nodes[1].type.shape = []
    #expect(messages(module) == ["c: the shape f32[] is empty", "c: the source \(text) is not finite"])
  }

  private func messages(_ module: Module) -> [String] {
    do {
      try Verifier.verify(module)
      return []
    } catch {
      return error.diagnostics.map { $0.location == .nowhere ? $0.message : "\($0.location): \($0.message)" }
    }
  }

  private func check(_ text: String, _ messages: [String]) {
    let failure = #expect(throws: DiagnosticFailure.self) { try Module(parsing: text) }
    #expect(failure?.description == messages.map { "error[bad-ir-text]: \($0)" }.joined(separator: "\n"))
    #expect(failure?.exitStatus == .badData, "a text is the user's")
  }
}
