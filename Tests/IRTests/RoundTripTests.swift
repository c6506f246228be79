import Diagnostics
import IR
import Testing

/// Parsing what was printed gives the same module, and printing that the same text.
@Suite struct RoundTripTests {
  @Test(arguments: OpSpec.all.map(\.op)) func everyOperation(_ op: Op) throws {
    let example = OpExamples.example(of: op)
    try #require(!example.nodes.isEmpty, "OpExamples has no example of \(op.rawValue)")
    let module = try Module(parsing: example.text)
    #expect(module.nodes.contains { $0.op == op })
    #expect(module.text == example.text)
    #expect(try Module(parsing: module.text) == module)
  }

  @Test func everyOperationHasASpecification() {
    #expect(Set(OpSpec.all.map(\.op)) == Set(Op.allCases))
    #expect(OpSpec.all.count == Op.allCases.count)
  }

  @Test(arguments: ["a", "1", "-", "layers.0.mixer.x_proj", "+.-_", "return", "e5", "quamba-ir", "f32"])
  func names(_ name: String) throws {
    try check(
      Sample.text("%\(name): i32[1] = tokens()\n$c.\(name): f32[1] = constant() {source = zero}"))
  }

  @Test(arguments: [
    "", " ", "\"", "\\", "a\nb\r\n\tc\u{0}\u{7F}", "é 日本 \u{1F40D} e\u{301}", "\u{2028}\u{85}", "u{41}",
  ])
  func strings(_ string: String) throws {
    var module = try Sample.module("%t: i32[1] = tokens()")
    module.architecture = string
    module.nodes[0].origin = string
    module.nodes.append(
      Node(
        .constant, [], ["source": .source(.tensor(string))], type: ValueType(.f16, [2]), name: "c",
        origin: string,
        pass: "test"))
    try check(module.text)
    #expect(try Module(parsing: module.text) == module)
    #expect(try Module(parsing: module.text).architecture.unicodeScalars.elementsEqual(string.unicodeScalars))
  }

  @Test(arguments: [
    Float.leastNonzeroMagnitude, -.leastNonzeroMagnitude, .greatestFiniteMagnitude, -0.0, 0, 1, 1e16,
    16_777_216,
    0.1, .pi, 1e-5, .leastNormalMagnitude,
  ])
  func numbers(_ value: Float) throws {
    var module = try Sample.module("%t: i32[1] = tokens()")
    for (index, source) in [
      ConstantSource.splat(value), .values([value]), .random(seed: .min, amplitude: value),
      .signs(seed: .min),
    ]
    .enumerated() {
      module.nodes.append(
        Node(
          .constant, [], ["source": .source(source)], type: ValueType(.f32, [1]), name: "c\(index)",
          origin: "",
          pass: "test"))
    }
    try check(module.text)
    let again = try Module(parsing: module.text)
    #expect(again == module)
    guard case .source(.splat(let read))? = again.nodes[1].attributes["source"] else {
      return #expect(Bool(false), "the constant is no splat")
    }
    #expect(read.bitPattern == value.bitPattern)
  }

  @Test(arguments: ["1099511627776", "1048576, 1048576", "1, 1, 1, 1, 1, 1, 1, 1", "1"])
  func shapes(_ shape: String) throws {
    try check(Sample.text("%t: i32[1] = tokens()\n$c: bf16[\(shape)] = constant() {source = from \"x\"}"))
  }

  @Test func freedomsOfTheText() throws {
    let text =
      "\n  quamba-ir   1\narchitecture\"mamba\"\n\nlayers 0\nstage imported\n%t :i32[ 1 ]=tokens( )at\"\\u{68}\"by x\n\n"
    let module = try Module(parsing: text + "return %t")
    #expect(
      module.text == """
        quamba-ir 1
        architecture "mamba"
        layers 0
        stage imported

        %t: i32[1] = tokens() at "h" by x
        return %t

        """)
  }

  private func check(_ text: String) throws {
    #expect(try Module(parsing: text).text == text)
  }
}
