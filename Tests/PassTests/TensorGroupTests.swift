import IR
import Passes
import Testing

@Suite struct TensorGroupTests {
  /// The names of all values that are codes.
  private static func codes(_ recipe: Recipe) throws -> [String] {
    let module = try SmallMamba.module()
    let ranges = try Measure.ranges(of: module, recipe: .quambaChannel)
    let after = try Pipeline.run(Pipeline.passes(for: recipe), on: module, recipe: recipe, ranges: ranges)
      .module
    return after.nodes.filter { $0.type.element.isCodes }.map { $0.name.replacing(".f32", with: "") }
  }

  /// The tensors that are codes; the scan's copy of u is u itself where no product reads another.
  private static func quantized(_ recipe: Recipe) throws -> Set<String> {
    Set(try codes(recipe).map { $0 == "u_scan" ? "u" : $0 })
  }

  /// Every activation that the recipe quantizes is quantized by itself in one group of tensors, and kept in it.
  @Test func groupsCoverTheRecipe() throws {
    let recipe = Recipe.quambaChannel
    let groups = try Pipeline.groups(of: recipe, on: SmallMamba.module()).filter { $0.kind == .tensors }
    let all = try Self.quantized(recipe)
    let alone = try groups.map { try Self.quantized($0.only(in: recipe)) }
    #expect(
      alone.allSatisfy { !$0.isEmpty && $0.isSubset(of: all) }, "\(zip(groups.map(\.name), alone).map { $0 })"
    )
    #expect(alone.reduce(into: Set()) { $0.formUnion($1) } == all)
    for group in groups {
      #expect(try Self.codes(group.without(in: recipe)) != Self.codes(recipe), "\(group.name)")
    }
  }

  @Test func whatARecipeKeepsStaysKept() throws {
    var recipe = Recipe.quambaChannel
    recipe.keep = ["*"].compactMap(Glob.init)
    for group in try Pipeline.groups(of: .quambaChannel, on: SmallMamba.module()) {
      #expect(try Self.quantized(group.only(in: recipe)).isEmpty, "\(group.name)")
    }
  }
}
