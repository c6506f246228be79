public import IR

/// A weight that a recipe gives four bits.
public struct FourBitWeight: Equatable, Sendable {
  /// What recipes know it by; a weight that each expert of a layer has is one.
  public let pattern: Glob
  /// The checkpoint's tensors.
  public var tensors: [String]
}

extension Pipeline {
  /// The weights that a recipe gives four bits, in order.
  /// - Parameter module: the module as imported.
  /// - Throws: `DiagnosticFailure` where the recipe cannot be carried out.
  public static func fourBitWeights(of recipe: Recipe, on module: Module) throws -> [FourBitWeight] {
    let prepared = try run(preparingPasses(for: recipe), on: module, recipe: recipe).module
    var found: [FourBitWeight] = []
    for value in prepared.values where prepared[value].op == .linear {
      guard recipe.contractsCodes(value, in: prepared),
        recipe.weights(ofLinear: value, in: prepared)?.bits == 4
      else { continue }
      let names = TensorNames.weight(of: value, in: prepared)
      guard let pattern = Glob(TensorNames.ofExperts(TensorNames.inLayer(names))) else { continue }
      if let known = found.firstIndex(where: { $0.pattern == pattern }) {
        if !found[known].tensors.contains(names[0]) { found[known].tensors.append(names[0]) }
      } else {
        found.append(FourBitWeight(pattern: pattern, tensors: [names[0]]))
      }
    }
    return found
  }
}

extension Recipe {
  /// The recipe with weights of a width that patterns stand for, whatever it said of them before.
  public func giving(bits: Int, to patterns: [Glob]) -> Recipe {
    var recipe = self
    recipe.rules += Self.rules(bits: bits, of: patterns)
    return recipe
  }

  /// Rules that give weights a width.
  public static func rules(bits: Int, of patterns: [Glob]) -> [TensorRule] {
    patterns.map { pattern in
      var rule = TensorRule(pattern)
      rule.bits = bits
      return rule
    }
  }
}
