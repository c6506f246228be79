import CompilerDriver
import Frontend
import IR
import Passes
import Testing

@Suite("The example model as IR text")
struct ExampleRoundTripTests {
  /// Ranges as calibration would give them, all ones: the text does not depend on their truth.
  private static func ranges(_ module: Module) -> RangeTable {
    RangeTable(
      Dictionary(
        module.nodes.map { node in
          let channels = [Float](repeating: 1, count: node.type.width)
          return (node.name, TensorRange(maximum: 1, channels: channels, clipped: 0.75))
        }, uniquingKeysWith: { first, _ in first }))
  }

  @Test(
    "parsing what is printed gives the same module, after every pass", arguments: Recipe.builtIn.map(\.name))
  func roundTrip(_ name: String) throws {
    let recipe = try #require(Recipe.named(name))
    let module = try ImportedModel(directory: Fixtures.example, checksValues: false).module
    #expect(try Module(parsing: module.text) == module)
    let rotated = try Pipeline.run(Pipeline.calibrationPasses(for: recipe), on: module, recipe: recipe).module
    _ = try Pipeline.run(
      Pipeline.passes(for: recipe), on: module, recipe: recipe, ranges: Self.ranges(rotated)
    ) { pass, module in
      let text = module.text
      let parsed = try Module(parsing: text)
      #expect(parsed == module, "\(pass.name)")
      #expect(parsed.text == text, "\(pass.name)")
    }
  }
}
