import Diagnostics
import IR
import Passes
import Testing

/// Patterns of names.
@Suite struct GlobTests {
  @Test(arguments: [
    ("layers.0.mixer.u", "layers.0.mixer.u", true),
    ("layers.0.mixer.u", "layers.0.mixer.u_scan", false),
    ("layers.*.mixer.u", "layers.12.mixer.u", true), ("layers.1.*", "layers.12.mixer.u", false),
    ("layers.?.*", "layers.1.norm", true), ("layers.?.*", "layers.12.norm", false), ("*", "", true),
    ("*", "a.b", true), ("?", "", false), ("**.u", "x.u", true), ("*a*b*", "xaxxb", true),
    ("*a*b", "xaxxbx", false), ("*ab", "aab", true), ("a", "", false), ("a*", "a", true),
  ])
  func matches(_ pattern: String, _ name: String, _ isMatch: Bool) throws {
    #expect(try #require(Glob(pattern)).matches(name) == isMatch)
  }

  @Test(arguments: ["", "a b", "a[0]", "ä", "a\n", "a=b"]) func isRefused(_ pattern: String) {
    #expect(Glob(pattern) == nil)
  }

  @Test func longPatterns() throws {
    #expect(Glob(String(repeating: "a", count: 1025)) == nil)
    let longest = try #require(Glob(String(repeating: "a", count: 1024)))
    #expect(longest.matches(longest.text) && !longest.matches("a"))
  }
}

/// Tensors that stay float, and those that differ from the others.
@Suite struct KeepTests {
  private func lowered(_ change: (inout Recipe) -> Void, of base: Recipe = .quambaChannel) throws
    -> Module
  {
    var recipe = base
    change(&recipe)
    let module = try SmallMamba.module()
    let ranges = try Measure.ranges(of: module, recipe: recipe)
    return try Pipeline.run(
      Pipeline.passes(for: recipe), on: module, recipe: recipe, ranges: ranges
    ).module
  }

  private func keeping(_ patterns: String..., in base: Recipe = .quambaChannel) throws -> Module {
    try lowered({ $0.keep = patterns.compactMap(Glob.init) }, of: base)
  }

  /// Names of the products of floats, without what tells them from their codes.
  private func floatProducts(_ module: Module) -> Set<String> {
    Set(module.nodes.filter { $0.op == .linear }.map { $0.name.replacing(".f32", with: "") })
  }

  private static let floatProductsOfPatterns: [([String], Set<String>)] = [
    (["in_proj.weight"], ["x", "z"]), (["x.weight"], ["x"]), (["norm"], ["x", "z"]),
    (["u"], ["dt_low", "b", "c"]),
    (["dt_low"], ["dt"]), (["y_rotated"], ["out"]), (["out.weight", "dt.weight"], ["out", "dt"]),
    (["x", "z"], []),
    (["logits.weight"], ["logits"]), (["embeddings"], ["logits"]), (["embedding.weight"], []),
    (["*"], ["x", "z", "dt_low", "b", "c", "dt", "out", "logits"]),
  ]

  @Test(arguments: floatProductsOfPatterns)
  func productsOfFloats(_ patterns: [String], _ names: Set<String>) throws {
    let module = try lowered { $0.keep = patterns.compactMap(Glob.init) }
    #expect(floatProducts(module) == names)
  }

  @Test func everythingKeptIsTheFloatModel() throws {
    let (kept, float) = (try keeping("*", in: .naive), try lowered({ _ in }, of: .float32))
    #expect(kept.nodes.map(\.op) == float.nodes.map(\.op))
    #expect(try Measure.difference(kept, float) == 0)
  }

  /// One reader takes codes, the other the same values as floats.
  @Test func mixedReaders() throws {
    let module = try keeping("x.weight")
    let (x, z) = (try node("x.f32", module), try node("z", module))
    #expect(x.op == .linear && module[x.operands[0]].name == "norm.f32")
    #expect(z.op == .linearInt8 && module[z.operands[0]].name == "norm")
    #expect(try node("x", module).op == .quantize)
  }

  @Test func whatTheScanReads() throws {
    let module = try keeping("u_scan", "dt", "b")
    let scan = try #require(module.nodes.first { $0.op == .selectiveScan })
    #expect(
      scan.operands[..<5].map { module[$0].name } == [
        "u.f32", "dt", "b", "c.dequantized", "z.dequantized",
      ])
    #expect(try node("dt", module).op == .linearInt8)
  }

  @Test func aRuleTakesBackWhatIsKept() throws {
    let module = try lowered { recipe in
      recipe.keep = ["*"].compactMap(Glob.init)
      for name in ["dt_low", "dt.weight"] {
        recipe.rules.append(.rule(name) { $0.isKept = false })
      }
    }
    #expect(module.nodes.filter { $0.op == .linearInt8 }.map(\.name) == ["dt"])
  }

  @Test func scalesOfSingleTensors() throws {
    let module = try lowered { recipe in
      for (name, scales) in [("*", TensorRule.Scales.tensor), ("z*", .row), ("x", .channel)] {
        recipe.rules.append(.rule(name) { $0.scales = scales })
      }
    }
    let perRow = module.nodes.filter {
      $0.op == .weightScale && $0.attributes.string("per") == "row"
    }
    #expect(perRow.map(\.name) == ["embedding.weight.scales", "z.f32.weight.scales"])
    let perChannel = module.nodes.filter {
      if case .perChannel? = $0.type.scale { true } else { false }
    }
    #expect(perChannel.map(\.name) == ["x"])
  }

  @Test(arguments: Recipe.kept.map(\.name)) func keepsItsPromises(_ name: String) throws {
    let recipe = try #require(Recipe.kept.first { $0.name == name })
    let module = try SmallMamba.module(inner: 16, hasBias: true, isTied: false)
    #expect(try Pipeline.checkPatterns(of: recipe, on: module) == [])
    let ranges = try Measure.ranges(of: module, recipe: recipe)
    var before = module
    for pass in Pipeline.passes(for: recipe) {
      let after = try pass.run(before, recipe: recipe, ranges: ranges).module
      #expect(try Module(parsing: after.text) == after, "\(pass.name)")
      let difference = try Measure.difference(before, after)
      #expect(difference <= Measure.allowance(pass.promise), "\(pass.name)")
      before = after
    }
  }

  private func node(_ name: String, _ module: Module) throws -> Node {
    module[try #require(module.value(named: name))]
  }
}

/// What a recipe says of tensors that are not there, or not so.
@Suite struct PatternTests {
  private func check(_ change: (inout Recipe) -> Void, of base: Recipe = .quambaChannel) throws
    -> [Diagnostic]
  {
    var recipe = base
    change(&recipe)
    return try Pipeline.checkPatterns(of: recipe, on: SmallMamba.module())
  }

  @Test func patternsThatMatchNothing() throws {
    let failure = #expect(throws: DiagnosticFailure.self) {
      try check { recipe in
        recipe.keep = ["norm", "y_rotate", "layers.0.*"].compactMap(Glob.init)
        recipe.rules = [.rule("dt_lo") { $0.clip = .leastError }]
      }
    }
    #expect(
      failure?.diagnostics.map(\.message) == [
        "'y_rotate' matches no tensor", "'layers.0.*' matches no tensor",
        "'dt_lo' matches no tensor",
      ])
    #expect(failure?.diagnostics[0].hint?.hasPrefix("the nearest names: y_rotated, ") == true)
    #expect(failure?.exitStatus == .badData)
  }

  /// Without a rotation there is no rotated tensor.
  @Test func namesThatTheRecipeDoesNotHave() throws {
    #expect(throws: DiagnosticFailure.self) {
      try self.check({ $0.keep = ["y_rotated"].compactMap(Glob.init) }, of: .naive)
    }
    let findings = try check({ $0.keep = ["y"].compactMap(Glob.init) }, of: .naive)
    #expect(findings == [])
  }

  @Test func whatStaysFloatAnyway() throws {
    let findings = try check { $0.keep = ["conv1d.*", "norm*"].compactMap(Glob.init) }
    #expect(
      findings.map(\.message)
        == ["'conv1d.*' matches only tensors that stay float anyway"])
    #expect(findings.allSatisfy { $0.severity == .warning })
  }

  @Test func partsThatNoneOfThemHas() throws {
    let failure = #expect(throws: DiagnosticFailure.self) {
      try check { recipe in
        recipe.rules = [
          .rule("u") { $0.rounding = .nearest }, .rule("norm") { $0.scales = .channel },
          .rule("dt") { $0.scales = .row }, .rule("embedding.weight") { $0.clip = .leastError },
          .rule("*") { $0.scales = .row },
        ]
      }
    }
    #expect(
      failure?.diagnostics.map(\.message) == [
        "'u' matches no tensor that can have rounding",
        "'norm' matches no tensor that can have scales=channel",
        "'dt' matches no tensor that can have scales=row",
        "'embedding.weight' matches no tensor that can have clip",
      ])
  }
}

extension TensorRule {
  /// A rule about what a pattern stands for.
  static func rule(_ pattern: String, _ change: (inout TensorRule) -> Void) -> TensorRule {
    var rule = TensorRule(Glob(pattern)!)
    change(&rule)
    return rule
  }
}

extension Recipe {
  /// Recipes that keep some tensors float.
  static let kept: [Recipe] = [
    keeping(["x.weight", "dt_low", "c"], "mixed readers", of: .everything),
    keeping(["norm", "u_scan", "y_rotated"], "inputs", of: .quamba),
    keeping(["*.weight"], "weights", of: .naive),
    keeping(["?", "dt*"], "scan", of: .quambaChannel),
  ]

  private static func keeping(_ patterns: [String], _ name: String, of base: Recipe) -> Recipe {
    var recipe = base
    recipe.name = name
    recipe.keep = patterns.compactMap(Glob.init)
    return recipe
  }
}

/// Which weights have 4 bits.
@Suite struct BitsTests {
  /// Names of the products by the type of their weights' codes.
  private func products(_ rules: [String: Int], _ change: (inout Recipe) -> Void = { _ in }) throws
    -> [ElementType: Set<String>]
  {
    var recipe = Recipe.quambaW4
    change(&recipe)
    for (pattern, bits) in rules {
      var rule = TensorRule(try #require(Glob(pattern)))
      rule.bits = bits
      recipe.rules.append(rule)
    }
    let module = try SmallMamba.module()
    let ranges = try Measure.ranges(of: module, recipe: recipe)
    let last = try Pipeline.run(Pipeline.passes(for: recipe), on: module, recipe: recipe, ranges: ranges)
      .module
    return last.nodes.filter { $0.op == .linearInt8 }.reduce(into: [:]) { found, node in
      found[last[node.operands[1]].type.element, default: []].insert(node.name.replacing(".f32", with: ""))
    }
  }

  @Test func headAndWhatSteersTheScanKeep8() throws {
    #expect(try products([:]) == [.i4: ["x", "z", "out"], .i8: ["dt_low", "b", "c", "dt", "logits"]])
  }

  @Test func rulesSayOtherwise() throws {
    #expect(
      try products(["x.weight": 8, "logits.weight": 4, "dt.weight": 4])
        == [.i4: ["z", "out", "logits", "dt"], .i8: ["x", "dt_low", "b", "c"]])
  }

  @Test func floatsAreNotMultipliedBy4Bits() throws {
    let found = try products(["*.weight": 4]) { $0.headInput = .float32 }
    #expect(found == [.i4: ["x", "z", "out", "dt_low", "b", "c", "dt"], .i8: ["logits"]])
  }

  @Test func ruleThatCannotBeIsNamed() throws {
    var (recipe, rule) = (Recipe.quambaW4, TensorRule(try #require(Glob("u"))))
    rule.bits = 4
    recipe.rules = [rule]
    let module = try SmallMamba.module()
    let failure = #expect(throws: DiagnosticFailure.self) {
      try Pipeline.checkPatterns(of: recipe, on: module)
    }
    #expect("\(try #require(failure))".contains("'u' matches no tensor that can have bits"))
  }
}
