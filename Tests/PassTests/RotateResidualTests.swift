import Diagnostics
import IR
import Passes
import Testing

/// The rotation of the residual stream: exact where it can be folded, refused by name where it cannot.
@Suite struct RotateResidualTests {
  private static let rotating: Recipe = {
    var recipe = Recipe(name: "rotating")
    recipe.rotation.kind = .residual
    return recipe
  }()

  @Test(arguments: [nil, 3]) func everyWeightOfTheStreamIsRotated(_ signs: Int?) throws {
    var recipe = Self.rotating
    recipe.rotation.signs = signs
    let module = try SmallMamba.module(hasBias: true)
    let after = try rotated(module, recipe)
    let rows = after.nodes.filter { $0.op == .rotateRows }
    let columns = after.nodes.filter { $0.op == .rotateColumns }
    #expect(rows.map(\.type.shape) == [[8, 12], [8]], "the writer's weight and bias")
    #expect(columns.map(\.type.shape) == [[10, 8], [24, 8], [24, 8], [10, 8]], "table, x, z, head")
    #expect(after.nodes.filter { $0.op == .scaleRows }.count == (signs == nil ? 0 : 2))
    #expect(try Measure.difference(module, after) <= 1e-5)
    let values = try Evaluator(after, source: NoTensors()).run(tokens: Measure.tokens)
    let original = try Evaluator(module, source: NoTensors()).run(tokens: Measure.tokens)
    let (old, new) = (try stream(module, original), try stream(after, values))
    let shape = HadamardShape(width: 8)
    let factors = signs.map { ConstantSource.signs(count: 8, seed: $0) } ?? Array(repeating: 1, count: 8)
    for start in stride(from: 0, to: old.count, by: 8) {
      let restored = zip(shape.inverse(Array(new[start..<(start + 8)])), factors).map(*)
      for (found, expected) in zip(restored, old[start..<(start + 8)]) {
        #expect(abs(found - expected) < 1e-5)
      }
    }
  }

  /// A width without a Hadamard order is rotated in blocks, which is still exact.
  @Test func blocks() throws {
    let module = try SmallMamba.module(width: 6)
    let before = try folded(module, Self.rotating)
    let (after, findings) = try Pass.rotateResidual.run(before, recipe: Self.rotating)
    #expect(
      findings == [
        Diagnostic(
          .noHadamard, "no Hadamard matrix of order 6 is known; blocks of 2 are used", at: .node("embedding"),
          severity: .warning)
      ])
    #expect(try Measure.difference(module, after) <= 1e-5)
  }

  private static let refused: [(String, String, String)] = [
    (
      "%s: f32[4] = silu(%x)\n%y: f32[4] = linear(%s, $w)", "s",
      "silu reads the residual stream, and only linear layers may"
    ),
    (
      "%n: f32[4] = rms_norm(%x, $g) {epsilon = 1e-05}\n%y: f32[4] = linear(%n, $w)", "n",
      "the gain of this norm cannot move into what reads it, since not all of that is linear"
    ),
    (
      "%l: f32[4] = linear(%x, $w)\n%s: f32[4] = silu(%l)\n%r: f32[4] = add(%x, %s)\n%y: f32[4] = linear(%r, $w)",
      "s", "silu writes to the residual stream, and only linear layers may"
    ),
    (
      "%l: f32[4] = linear(%x, $w)\n%r: f32[4] = add(%x, %l)\n%s: f32[4] = silu(%l)\n"
        + "%q: f32[4] = linear(%r, $w)\n%y: f32[4] = add(%q, %s)",
      "l", "it is a part of the residual stream and read by something else too"
    ),
    ("%y: f32[4] = select_rows(%x)", "y", "it is the model's result"),
  ]

  @Test(arguments: refused)
  func whatCannotBeFoldedIsRefused(_ nodes: String, _ node: String, _ reason: String) throws {
    let lines = """
      %t: i32[1] = tokens()
      $w: f32[4, 4] = constant() {source = random(1, 1.0)}
      $g: f32[4] = constant() {source = random(2, 1.0)}
      %x: f32[4] = embedding(%t, $w)
      \(nodes)
      """.split(separator: "\n").map { "\($0) at \"\" by test\n" }.joined()
    let module = try Module(
      parsing: "quamba-ir 1\narchitecture \"m\"\nlayers 0\nstage folded\n\n\(lines)return %y\n")
    let failure = #expect(throws: DiagnosticFailure.self) {
      try Pass.rotateResidual.run(module, recipe: Self.rotating)
    }
    #expect(
      failure?.diagnostics == [
        Diagnostic(
          .cannotRotate, "the residual stream cannot be rotated: \(reason)", at: .node(node),
          hint: "use a recipe whose rotation is local or none")
      ])
  }

  /// A sum of two linear layers that is then added to the stream.
  @Test func sumsOfWriters() throws {
    let text = """
      quamba-ir 1
      architecture "m"
      layers 0
      stage folded

      %t: i32[1] = tokens() at "" by test
      $w: f32[12, 4] = constant() {source = random(1, 1.0)} at "" by test
      $a: f32[4, 4] = constant() {source = random(2, 1.0)} at "" by test
      $b: f32[4, 4] = constant() {source = random(3, 1.0)} at "" by test
      %x: f32[4] = embedding(%t, $w) at "" by test
      %p: f32[4] = linear(%x, $a) at "" by test
      %q: f32[4] = linear(%x, $b) at "" by test
      %s: f32[4] = add(%p, %q) at "" by test
      %r: f32[4] = add(%x, %s) at "" by test
      %y: f32[12] = linear(%r, $w) at "" by test
      return %y

      """
    let module = try Module(parsing: text)
    let after = try Pass.rotateResidual.run(module, recipe: Self.rotating).module
    #expect(after.nodes.filter { $0.op == .rotateRows }.count == 2)
    #expect(try Measure.difference(module, after) <= 1e-5)
  }

  private func folded(_ module: Module, _ recipe: Recipe) throws -> Module {
    try Pipeline.run([.splitProjections, .foldNormGain], on: module, recipe: recipe).module
  }

  private func rotated(_ module: Module, _ recipe: Recipe) throws -> Module {
    try Pass.rotateResidual.run(folded(module, recipe), recipe: recipe).module
  }

  private func stream(_ module: Module, _ values: [[Float]]) throws -> [Float] {
    values[try #require(module.value(named: "residual")).index]
  }
}
