import Diagnostics
import IR
import Passes
import Testing

/// Every recipe from the imported module to its last one.
@Suite struct PipelineTests {
  private static let models: [SmallModel] = [
    SmallModel(inner: 12, hasBias: false, isTied: true), SmallModel(inner: 16, hasBias: true, isTied: false),
    SmallModel(inner: 12, hasBias: false, isTied: true, groups: 1),
    SmallModel(inner: 24, hasBias: true, isTied: false, groups: 3),
  ]

  @Test(arguments: Recipe.tried.map(\.name), models)
  func everyPassKeepsItsPromise(_ name: String, _ model: SmallModel) throws {
    let recipe = try #require(Recipe.tried.first { $0.name == name })
    let module = try SmallMamba.module(
      inner: model.inner, hasBias: model.hasBias, isTied: model.isTied, groups: model.groups)
    let ranges = try Measure.ranges(of: module, recipe: recipe)
    var before = module
    let (last, findings) = try Pipeline.run(
      Pipeline.passes(for: recipe), on: module, recipe: recipe, ranges: ranges
    ) { pass, after in
      #expect(try Module(parsing: after.text) == after, "\(pass.name)")
      #expect(try Module(parsing: after.text).text == after.text, "\(pass.name)")
      let difference = try Measure.difference(before, after)
      #expect(difference <= Measure.allowance(pass.promise, recipe), "\(pass.name)")
      before = after
    }
    #expect(findings.isEmpty)
    #expect(
      last.stage == (recipe.isQuantized ? .quantized : recipe.rotation.kind != .none ? .rotated : .folded))
    #expect(try Measure.difference(module, last) <= Measure.allowance(.lossy, recipe))
    #expect(last.nodes.contains { $0.op == .linearInt8 } == (recipe.weights.scales != .none))
  }

  @Test func calibrationSharesStatistics() throws {
    let sharing = Recipe.builtIn.filter { $0.rotation.kind != .residual }
    let module = try SmallMamba.module()
    let texts = try sharing.map {
      try Pipeline.run(Pipeline.calibrationPasses(for: $0), on: module, recipe: $0).module.text
    }
    #expect(texts.count > 3 && Set(texts).count == 1)
    #expect(
      Pipeline.calibrationPasses(for: .quarot).map(\.name)
        == [
          "split-projections", "fold-norm-gain", "rotate-residual", "rotate-attention-values",
          "rotate-scan-output",
        ])
  }

  /// Values of attention are observed as the recipe has them, for their rotation is folded into weights.
  @Test func calibrationOfHybrids() throws {
    let module = try SmallHybrid.module()
    for (recipe, isRotated) in [(Recipe.naive, false), (.quamba, true)] {
      let calibrated = try Pipeline.run(Pipeline.calibrationPasses(for: recipe), on: module, recipe: recipe)
      #expect(calibrated.module.nodes.contains { $0.name == "v.weight.rotated" } == isRotated)
      #expect(calibrated.module.nodes.contains { $0.name == "experts.1.h_rotated" })
    }
  }

  @Test(arguments: Recipe.tried.map(\.name))
  func everyPassKeepsItsPromiseOnHybrids(_ name: String) throws {
    var recipe = try #require(Recipe.tried.first { $0.name == name })
    (recipe.keep, recipe.rules) = ([], [])
    let module = try SmallHybrid.module()
    let ranges = try Measure.ranges(of: module, recipe: recipe)
    var before = module
    let (last, findings) = try Pipeline.run(
      Pipeline.passes(for: recipe), on: module, recipe: recipe, ranges: ranges
    ) { pass, after in
      #expect(try Module(parsing: after.text) == after, "\(pass.name)")
      let difference = try Measure.difference(before, after)
      #expect(difference <= Measure.allowance(pass.promise, recipe), "\(pass.name): \(difference)")
      before = after
    }
    #expect(findings.isEmpty)
    #expect(try Measure.difference(module, last) <= Measure.allowance(.lossy, recipe))
    let float = Set(last.nodes.filter { $0.op == .linear }.map(\.name))
    #expect(recipe.weights.scales == .none || float == ["router"])
  }

  /// Every tensor that a product or attention reads is of 8 bits but what the router reads.
  @Test func hybridsAreInt8Throughout() throws {
    let recipe = Recipe.quambaChannel
    let module = try SmallHybrid.module()
    let last = try Pipeline.run(
      Pipeline.passes(for: recipe), on: module, recipe: recipe,
      ranges: Measure.ranges(of: module, recipe: recipe)
    ).module
    for node in last.nodes where node.op == .linearInt8 && node.name != "logits" {
      #expect(last[node.operands[0]].type.element == .i8, "\(node.name)")
    }
    let attention = try #require(last.nodes.first { $0.op == .attention })
    for operand in attention.operands[1...] {
      guard case .perChannel? = last[last[operand].operands[0]].type.scale else {
        Issue.record("keys and values have a scale for each head and dimension")
        continue
      }
    }
  }

  /// Files are named after passes, and passes are listed once.
  @Test func names() {
    #expect(Set(Pipeline.all.map(\.name)).count == Pipeline.all.count)
    for pass in Pipeline.all {
      #expect(pass.name.allSatisfy { $0.isLowercase || $0 == "-" || $0.isNumber })
      #expect(pass.summary.hasSuffix("."))
    }
  }
}

/// The sizes of a small model.
struct SmallModel: Sendable, CustomTestStringConvertible {
  let inner: Int
  let hasBias: Bool
  let isTied: Bool
  var groups = 0

  var testDescription: String { "inner \(inner), bias \(hasBias), tied \(isTied), groups \(groups)" }
}
