public import Diagnostics
public import IR

extension Pipeline {
  /// Makes sure that every pattern of a recipe means a tensor of the model.
  /// - Parameter module: the module as imported.
  /// - Returns: warnings of patterns that change nothing.
  /// - Throws: `DiagnosticFailure` (`bad-recipe`) with every pattern that matches nothing.
  public static func checkPatterns(of recipe: Recipe, on module: Module) throws -> [Diagnostic] {
    guard !recipe.keep.isEmpty || !recipe.rules.isEmpty else { return recipe.idleClips }
    let prepared = try run(preparingPasses(for: recipe), on: module, recipe: recipe).module
    var patterns = RecipePatterns(recipe, prepared)
    let findings =
      recipe.keep.compactMap { patterns.check(keeping: $0) } + recipe.rules.flatMap { patterns.check($0) }
    if findings.contains(where: { $0.severity == .error }) { throw DiagnosticFailure(findings) }
    return findings + recipe.idleClips
  }
}

extension Recipe {
  /// Warnings of clips of classes that have a scale for each channel.
  fileprivate var idleClips: [Diagnostic] {
    guard scanInputs == .channel, !rules.contains(where: { $0.scales == .tensor }) else { return [] }
    let classes = [TensorClass.x, .z, .bIn, .cIn, .uScan, .b, .c, .dt, .k, .v].filter {
      clips[$0] ?? .maximum != .maximum
    }
    return classes.map { name in
      Diagnostic(
        .badRecipe, "the clip changes nothing: these tensors have a scale for each channel, by its maximum",
        at: .node("clips.\(name.rawValue)"), severity: .warning)
    }
  }
}

/// The patterns of a recipe against the tensors of a module.
private struct RecipePatterns {
  private enum Kind {
    case weight, table, contracted, streamed
  }

  private struct Tensor {
    let names: [String]
    let kind: Kind
    /// Whether it would be quantized if nothing were kept.
    let isQuantized: Bool
    /// Whether a clip would change it.
    var takesClip = true
    /// Whether it can have codes of 4 bits.
    var takesBits = false
  }

  private let tensors: [Tensor]
  /// How often the nearest names may still be looked for, each time among all.
  private var guesses = 8

  init(_ recipe: Recipe, _ module: Module) {
    var free = recipe
    free.keep = []
    for index in free.rules.indices { free.rules[index].isKept = nil }
    tensors = module.values.flatMap { Self.tensors(readBy: $0, free, module) }
  }

  /// The weight of an operation, and the activations that it reads.
  private static func tensors(readBy value: ValueID, _ recipe: Recipe, _ module: Module) -> [Tensor] {
    let node = module[value]
    let streamed = { (range: Range<Int>) in
      node.operands[range].flatMap { operand in
        let name = module[operand].name
        let scales = recipe.scales(ofScanInput: name)
        return [name, TensorNames.scanCopy(of: name)].map {
          Tensor(
            names: [$0], kind: .streamed, isQuantized: scales != .none, takesClip: scales != .channel)
        }
      }
    }
    switch node.op {
    case .linear:
      return [
        Tensor(
          names: TensorNames.weight(of: value, in: module), kind: .weight,
          isQuantized: recipe.weights(ofLinear: value, in: module) != nil,
          takesBits: !recipe.readsFloats(value, in: module)),
        Tensor(
          names: [module[node.operands[0]].name], kind: .contracted,
          isQuantized: recipe.contractsCodes(value, in: module)),
      ]
    case .conv1d:
      let weight = Tensor(
        names: TensorNames.weight(of: value, in: module), kind: .weight,
        isQuantized: recipe.weights(ofConvolution: value, in: module) != nil)
      return [weight] + streamed(0..<1)
    case .selectiveScan: return streamed(0..<5)
    case .attention: return streamed(1..<3)
    case .embedding:
      return [
        Tensor(
          names: TensorNames.weight(of: value, in: module), kind: .table,
          isQuantized: recipe.quantizesTable(of: value, in: module), takesClip: false)
      ]
    default: return []
    }
  }

  mutating func check(keeping pattern: Glob) -> Diagnostic? {
    let matched = tensors.filter { pattern.matches(any: $0.names) }
    guard !matched.isEmpty else { return unmatched(pattern, "keep") }
    guard !matched.contains(where: \.isQuantized) else { return nil }
    return Diagnostic(
      .badRecipe, "'\(pattern.text)' matches only tensors that stay float anyway", at: .node("keep"),
      severity: .warning)
  }

  mutating func check(_ rule: TensorRule) -> [Diagnostic] {
    let matched = tensors.filter { rule.tensors.matches(any: $0.names) }
    guard !matched.isEmpty else { return [unmatched(rule.tensors, "set")] }
    let kinds = Set(matched.map(\.kind))
    var useless: [String] = []
    if rule.clip != nil && !matched.contains(where: \.takesClip) { useless.append("clip") }
    if rule.rounding != nil && !kinds.contains(.weight) { useless.append("rounding") }
    if rule.bits != nil && !matched.contains(where: \.takesBits) { useless.append("bits") }
    switch rule.scales {
    case .tensor where kinds == [.table]: useless.append("scales=tensor")
    case .row where !kinds.contains(.weight): useless.append("scales=row")
    case .channel where !kinds.contains(.streamed): useless.append("scales=channel")
    case .tensor, .row, .channel, nil: break
    }
    return useless.map { part in
      Diagnostic(
        .badRecipe, "'\(rule.tensors.text)' matches no tensor that can have \(part)", at: .node("set"),
        hint:
          "rounding, bits and scales=row are of weights (bits of products of codes alone), scales=channel is of what convolution and scan read, "
          + "clip is of neither tables nor activations with a scale for each channel")
    }
  }

  private mutating func unmatched(_ pattern: Glob, _ part: String) -> Diagnostic {
    var finding = Diagnostic(.badRecipe, "'\(pattern.text)' matches no tensor", at: .node(part))
    if guesses > 0 {
      guesses -= 1
      let near = Spelling.nearest(3, to: pattern.text, among: Array(Set(tensors.flatMap(\.names))))
      finding.hint = "the nearest names: \(near.joined(separator: ", "))"
    }
    return finding
  }
}
