import IR
import Passes
import Testing

/// The comparison with the evaluator notices what it is there for.
@Suite struct BrokenPassTests {
  @Test(arguments: [12, 16, 20]) func unrotatedWeight(_ inner: Int) throws {
    let (before, after) = try rotated(inner)
    var broken = after
    let rotation = try #require(after.nodes.firstIndex { $0.op == .rotateColumns })
    for index in broken.nodes.indices where broken.nodes[index].op == .linear {
      let weight = after.nodes[rotation].operands[0]
      broken.nodes[index].operands = broken.nodes[index].operands.map { $0.index == rotation ? weight : $0 }
    }
    try expectBroken(before, after, broken)
  }

  /// Paley's matrices of order 12 and 20 are not symmetric; Sylvester's and those of the second construction are.
  @Test(arguments: [12, 20]) func transposedHadamard(_ inner: Int) throws {
    let (before, after) = try rotated(inner)
    var broken = after
    let rotation = try #require(after.nodes.firstIndex { $0.op == .rotateColumns })
    let values = try transposed(after, rotation)
    broken.nodes[rotation].op = .constant
    broken.nodes[rotation].operands = []
    broken.nodes[rotation].attributes = ["source": .source(.values(values))]
    try expectBroken(before, after, broken)
  }

  @Test func wrongMultiplier() throws {
    let (before, after) = try Golden.made("lower-to-int8")
    var broken = after
    let index = try #require(after.nodes.firstIndex { $0.name == "x.multiplier" })
    let input = try #require(after.nodes[index].attributes.real("input"))
    broken.nodes[index].attributes["input"] = .real(input * 2)
    try Verifier.verify(broken)
    #expect(try Measure.difference(before, after) <= 0.05)
    #expect(try Measure.difference(before, broken) > 0.05)
  }

  @Test func wrongRange() throws {
    let module = try SmallMamba.module()
    var ranges = try Measure.ranges(of: module, recipe: .naive)
    let passes = Pipeline.passes(for: .naive)
    let sound = try Pipeline.run(passes, on: module, recipe: .naive, ranges: ranges).module
    ranges.ranges["norm"]?.maximum /= 8
    let broken = try Pipeline.run(passes, on: module, recipe: .naive, ranges: ranges).module
    #expect(try Measure.difference(module, sound) <= 0.1)
    #expect(try Measure.difference(module, broken) > 0.1)
  }

  private func rotated(_ inner: Int) throws -> (before: Module, after: Module) {
    let module = try SmallMamba.module(inner: inner)
    let before = try Pass.splitProjections.run(module, recipe: .quamba).module
    return (before, try Pass.rotateScanOutput.run(before, recipe: .quamba).module)
  }

  /// The rows of a weight times the transposed Hadamard matrix.
  private func transposed(_ module: Module, _ rotation: Int) throws -> [Float] {
    let node = module.nodes[rotation]
    let values = try Evaluator(module, source: NoTensors()).run(tokens: Measure.tokens)
    let weight = values[node.operands[0].index]
    let width = node.type.width
    let signs = try columns(of: node)
    return weight.indices.map { index in
      let (row, column) = (index / width, index % width)
      return (0..<width).reduce(0) { $0 + weight[row * width + $1] * signs[column * width + $1] }
    }
  }

  /// The columns of the Hadamard matrix of a rotation: its transforms of the unit vectors.
  private func columns(of rotation: Node) throws -> [Float] {
    let width = rotation.type.width
    let identity = (0..<(width * width)).map { Float($0 / width == $0 % width ? 1 : 0) }
    var builder = ModuleBuilder(pass: "test")
    let type = ValueType(.f32, [width, width])
    let table = builder.constant(.values(identity), type: type, name: "identity", origin: "")
    let result = try builder.emit(.rotateColumns, [table], rotation.attributes, name: "h", origin: "")
    let module = Module(
      architecture: "", layers: 0, stage: .folded, nodes: builder.nodes, result: result)
    return try Evaluator(module, source: NoTensors()).run(tokens: [])[result.index]
  }

  private func expectBroken(_ before: Module, _ after: Module, _ broken: Module) throws {
    let allowance = Measure.allowance(Pass.rotateScanOutput.promise)
    try Verifier.verify(broken)
    #expect(try Measure.difference(before, after) <= allowance)
    #expect(try Measure.difference(before, broken) > 0.1)
  }
}
