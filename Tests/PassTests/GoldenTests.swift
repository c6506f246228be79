import IR
import Passes
import Testing

/// Each pass on the small model, before and after as text: `UPDATE_GOLDENS=1` rewrites the files and fails the run.
@Suite struct GoldenTests {
  @Test(arguments: Pipeline.all.map(\.name)) func passIsAsRecorded(_ name: String) throws {
    let (before, after) = try Golden.made(name)
    let isCurrent = try TextFile.isCurrent(Golden.path(name), Golden.text(before, after))
    #expect(isCurrent, "the golden is stale or missing; UPDATE_GOLDENS=1 rewrites it")
  }

  @Test func everyGoldenIsOfAPass() throws {
    #expect(Set(try TextFile.names("Tests/PassTests/Golden")) == Set(Pipeline.all.map { "\($0.name).ir" }))
    #expect(Set(try TextFile.names("Tests/PassTests/GoldenKept")) == Set(Golden.keeping.map { "\($0).ir" }))
  }

  /// The passes that leave tensors float where a recipe keeps them.
  @Test(arguments: Golden.keeping) func passKeepsAsRecorded(_ name: String) throws {
    let (before, after) = try Golden.made(name, by: .partlyKept)
    let isCurrent = try TextFile.isCurrent(
      "Tests/PassTests/GoldenKept/\(name).ir", Golden.text(before, after))
    #expect(isCurrent, "the golden is stale or missing; UPDATE_GOLDENS=1 rewrites it")
  }

  /// The recorded texts, not those made just now, keep the promise.
  @Test(arguments: Pipeline.all.map(\.name)) func promiseIsKept(_ name: String) throws {
    let pass = try #require(Pipeline.all.first { $0.name == name })
    let golden = try #require(TextFile.read(Golden.path(name)))
    let (before, after) = try #require(Golden.parts(golden))
    let modules = (try Module(parsing: before), try Module(parsing: after))
    #expect(modules.0.text == before)
    #expect(modules.1.text == after)
    #expect(pass.requires.contains(modules.0.stage))
    #expect(modules.1.stage == pass.produces ?? modules.0.stage)
    let difference = try Measure.difference(modules.0, modules.1)
    #expect(difference <= Measure.allowance(pass.promise))
  }
}

/// The form of a golden file.
enum Golden {
  private static let separators = ("== before\n", "== after\n")

  /// The passes for which it matters what a recipe keeps.
  static let keeping = [Pass.assignRanges, .quantizeWeights, .lowerToInt8].map(\.name)

  static func path(_ name: String) -> String { "Tests/PassTests/Golden/\(name).ir" }

  static func text(_ before: Module, _ after: Module) -> String {
    separators.0 + before.text + separators.1 + after.text
  }

  static func parts(_ text: String) -> (before: String, after: String)? {
    guard text.hasPrefix(separators.0), let middle = text.firstRange(of: separators.1) else { return nil }
    return (
      String(text[..<middle.lowerBound].dropFirst(separators.0.count)), String(text[middle.upperBound...])
    )
  }

  /// The small model before and after a pass, by the recipe that needs every pass.
  static func made(
    _ name: String, by recipe: Recipe = .everything
  ) throws -> (before: Module, after: Module) {
    var before =
      name == Pass.rotateAttentionValues.name ? try SmallHybrid.module() : try SmallMamba.module()
    let ranges = try Measure.ranges(of: before, recipe: recipe)
    for pass in Pipeline.passes(for: recipe) {
      let after = try pass.run(before, recipe: recipe, ranges: ranges).module
      if pass.name == name { return (before, after) }
      before = after
    }
    throw TypeError("no recipe needs the pass \(name)")
  }
}
