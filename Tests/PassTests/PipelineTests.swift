import Diagnostics
import IR
import Passes
import Testing

/// Every recipe from the imported module to its last one.
@Suite struct PipelineTests {
  private static let models: [SmallModel] = [
    SmallModel(inner: 12, hasBias: false, isTied: true), SmallModel(inner: 16, hasBias: true, isTied: false),
  ]

  @Test(arguments: Recipe.tried.map(\.name), models)
  func everyPassKeepsItsPromise(_ name: String, _ model: SmallModel) throws {
    let recipe = try #require(Recipe.tried.first { $0.name == name })
    let module = try SmallMamba.module(inner: model.inner, hasBias: model.hasBias, isTied: model.isTied)
    let ranges = try Measure.ranges(of: module, recipe: recipe)
    var before = module
    let (last, findings) = try Pipeline.run(
      Pipeline.passes(for: recipe), on: module, recipe: recipe, ranges: ranges
    ) { pass, after in
      #expect(try Module(parsing: after.text) == after, "\(pass.name)")
      #expect(try Module(parsing: after.text).text == after.text, "\(pass.name)")
      let difference = try Measure.difference(before, after)
      #expect(difference <= Measure.allowance(pass.promise), "\(pass.name)")
      before = after
    }
    #expect(findings.isEmpty)
    #expect(
      last.stage == (recipe.isQuantized ? .quantized : recipe.rotation.kind != .none ? .rotated : .folded))
    #expect(try Measure.difference(module, last) <= 0.1)
    #expect(last.nodes.contains { $0.op == .linearInt8 } == (recipe.weights.scales != .none))
  }

  @Test func calibrationSharesStatistics() throws {
    let sharing = Recipe.builtIn.filter { $0.rotation.kind != .residual }
    let names = sharing.map { Pipeline.calibrationPasses(for: $0).map(\.name) }
    #expect(names.count > 3 && names.allSatisfy { $0 == ["split-projections", "rotate-scan-output"] })
    #expect(
      Pipeline.calibrationPasses(for: .quarot).map(\.name)
        == ["split-projections", "fold-norm-gain", "rotate-residual", "rotate-scan-output"])
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

  var testDescription: String { "inner \(inner), bias \(hasBias), tied \(isTied)" }
}
