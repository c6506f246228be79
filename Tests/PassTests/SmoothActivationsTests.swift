import IR
import Passes
import Testing

/// Range that moves from activations into weights.
@Suite struct SmoothActivationsTests {
  private func recipe(_ strength: Double) -> Recipe {
    var recipe = Recipe.quambaChannel
    recipe.smoothing = Recipe.Smoothing(strength: strength, classes: Recipe.Smoothing.contracted)
    return recipe
  }

  /// At full strength every channel of a smoothed activation reaches the range that the widest had.
  @Test func channelsBecomeEven() throws {
    let (module, ranges, after) = try smoothed(recipe(1))
    let values = try Evaluator(after, source: NoTensors()).run(tokens: Measure.tokens)
    let names = after.nodes.filter { $0.op == .scaleChannels }.map(\.name)
    #expect(names == ["norm.smoothed", "u.smoothed", "y_rotated.smoothed"])
    for name in names {
      let node = try #require(after.value(named: name))
      let source = after[after[node].operands[0]].name
      let range = try #require(ranges[source])
      let width = after[node].type.width
      for channel in 0..<width {
        let largest = stride(from: channel, to: values[node.index].count, by: width).reduce(0) {
          max($0, abs(values[node.index][$1]))
        }
        let share = largest / range.maximum
        #expect(share <= 1.0001 && share > 0.7, "ranges are rounded up to a 64th")
      }
    }
    #expect(try Measure.difference(module, after) <= 1e-5)
  }

  /// dt_low is made by a product for another product alone: its factors go into the rows of the first.
  @Test func factorsInRows() throws {
    let (_, ranges, after) = try smoothed(recipe(0.5))
    let low = after[try #require(after.value(named: "dt_low"))]
    let weight = after[low.operands[1]]
    #expect(weight.op == .scaleRows)
    #expect(after[weight.operands[1]].op == .reciprocal)
    let values = try Evaluator(after, source: NoTensors()).run(tokens: Measure.tokens)
    let range = try #require(ranges["dt_low"])
    let largest = values[try #require(after.value(named: "dt_low")).index].reduce(0) { max($0, abs($1)) }
    #expect(largest <= range.maximum * 1.0001)
  }

  /// Every product of a smoothed activation takes the factors into its columns, and u goes to the scan as it was.
  @Test func readers() throws {
    let (_, _, after) = try smoothed(recipe(0.5))
    for name in ["x", "z", "dt_low", "b", "c", "dt", "out"] {
      var weight = after[after[try #require(after.value(named: name))].operands[1]]
      while weight.op == .sliceRows || weight.op == .scaleRows { weight = after[weight.operands[0]] }
      #expect(weight.op == .scaleColumns, "\(name)")
    }
    let scan = try #require(after.nodes.first { $0.op == .selectiveScan })
    #expect(after[scan.operands[0]].name == "u")
  }

  @Test func classesThatAreNotNamedStay() throws {
    var recipe = recipe(0.5)
    recipe.smoothing?.classes = [.u]
    let (_, _, after) = try smoothed(recipe)
    #expect(after.nodes.filter { $0.op == .scaleChannels }.map(\.name) == ["u.smoothed"])
  }

  /// Codes keep the names of the activations, so that statistics and reports find them.
  @Test func namesOfCodes() throws {
    let recipe = recipe(1)
    let module = try SmallMamba.module()
    let ranges = try Measure.ranges(of: module, recipe: recipe)
    let plain = try quantized(module, .quambaChannel, ranges)
    #expect(try quantized(module, recipe, ranges).sorted() == plain.sorted())
  }

  private func quantized(_ module: Module, _ recipe: Recipe, _ ranges: RangeTable) throws -> [String] {
    let after = try Pipeline.run(
      Pipeline.passes(for: recipe), on: module, recipe: recipe, ranges: ranges
    ).module
    return after.nodes.filter { $0.type.element == .i8 && !$0.isConstant }.map(\.name)
  }

  private func smoothed(_ recipe: Recipe) throws -> (before: Module, ranges: RangeTable, after: Module) {
    let module = try SmallMamba.module()
    let ranges = try Measure.ranges(of: module, recipe: recipe)
    let before = try Pipeline.run(Pipeline.calibrationPasses(for: recipe), on: module, recipe: recipe).module
    let after = try Pass.smoothActivations.run(before, recipe: recipe, ranges: ranges).module
    return (before, ranges, after)
  }
}
