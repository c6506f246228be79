public import IR

/// Tensors of a model that can be quantized by themselves, and left float by themselves, to see what they cost.
public struct TensorGroup: Equatable, Sendable {
  /// What holds the tensors of a group together.
  public enum Kind: String, Sendable {
    /// They are of one layer.
    case layer
    /// They are the same thing in every layer.
    case tensors
  }

  /// What people call the group, such as `layers.3` or `mixer.in_proj.weight`.
  public let name: String
  /// What holds it together.
  public let kind: Kind
  /// Patterns that keep the group float.
  public let patterns: [Glob]
  /// What quantizes the group where everything else is kept.
  private let rules: [TensorRule]

  fileprivate init(_ name: String, _ kind: Kind, keep: [String], free: [String] = [], hold: [String] = []) {
    self.name = name
    self.kind = kind
    patterns = keep.compactMap(Glob.init)
    rules =
      (keep + free).compactMap { TensorRule($0, isKept: false) }
      + hold.compactMap { TensorRule($0, isKept: true) }
  }

  /// The recipe with nothing but this group quantized; what the recipe keeps stays kept.
  public func only(in recipe: Recipe) -> Recipe {
    var result = recipe
    result.keep = ["*"].compactMap(Glob.init)
    result.rules += rules
    for pattern in recipe.keep { result.rules += [TensorRule(pattern.text, isKept: true)].compactMap { $0 } }
    result.rules += recipe.rules.filter { $0.isKept != nil }
    return result
  }

  /// The recipe with nothing but this group left float, and what the recipe keeps.
  public func without(in recipe: Recipe) -> Recipe {
    var result = recipe
    result.rules += patterns.compactMap { TensorRule($0.text, isKept: true) }
    return result
  }
}

extension TensorRule {
  /// A rule that only says whether tensors stay float; nil for what is no pattern.
  fileprivate init?(_ pattern: String, isKept: Bool) {
    guard let glob = Glob(pattern) else { return nil }
    self.init(glob)
    self.isKept = isKept
  }
}

extension Pipeline {
  /// The layers of a model, then the kinds of tensors that a recipe quantizes, both in order.
  /// - Parameter module: the module as imported.
  /// - Throws: `DiagnosticFailure` where the recipe cannot be carried out.
  public static func groups(of recipe: Recipe, on module: Module) throws -> [TensorGroup] {
    let prepared = try run(preparingPasses(for: recipe), on: module, recipe: recipe).module
    let layers = (0..<module.layers).map { TensorGroup("layers.\($0)", .layer, keep: ["layers.\($0).*"]) }
    var kinds: [TensorGroup] = []
    let contracted = Set(
      prepared.nodes.filter { $0.op == .linear }.map {
        TensorNames.pattern(of: prepared[$0.operands[0]].name)
      })
    for value in prepared.values {
      for group in Self.groups(readBy: value, recipe, prepared, contracted)
      where !kinds.contains(group) {
        kinds.append(group)
      }
    }
    return layers + kinds
  }

  private static func groups(
    readBy value: ValueID, _ recipe: Recipe, _ module: Module, _ contracted: Set<String>
  ) -> [TensorGroup] {
    let node = module[value]
    let weight = {
      TensorNames.pattern(of: TensorNames.inLayer(TensorNames.weight(of: value, in: module)))
    }
    let streamed = { (range: Range<Int>) in
      node.operands[range].compactMap { operand -> TensorGroup? in
        guard recipe.scales(ofScanInput: module[operand].name) != .none else { return nil }
        let name = TensorNames.pattern(of: module[operand].name)
        let copy = contracted.contains(name) ? TensorNames.scanCopy(of: name) : name
        return TensorGroup(TensorNames.kind(of: copy), .tensors, keep: [copy])
      }
    }
    switch node.op {
    case .linear:
      guard recipe.weights(ofLinear: value, in: module) != nil else { return [] }
      let input = TensorNames.pattern(of: module[node.operands[0]].name)
      return [
        TensorGroup(
          TensorNames.kind(of: weight()), .tensors, keep: [weight()], free: [input],
          hold: [TensorNames.scanCopy(of: input)])
      ]
    case .conv1d:
      guard recipe.weights(ofConvolution: value, in: module) != nil else { return streamed(0..<1) }
      return streamed(0..<1) + [TensorGroup(TensorNames.kind(of: weight()), .tensors, keep: [weight()])]
    case .selectiveScan: return streamed(0..<5)
    case .attention: return streamed(1..<3)
    case .embedding:
      guard recipe.quantizesTable(of: value, in: module) else { return [] }
      return [TensorGroup("\(node.name).weight", .tensors, keep: ["\(node.name).weight"])]
    default: return []
    }
  }
}

extension TensorNames {
  /// Of the names of a weight the one that is of no other outside the layers, and short within them.
  static func inLayer(_ names: [String]) -> String {
    names.first { $0.hasPrefix("layers.") } ?? names.last ?? ""
  }

  /// A name with the number of an expert left open.
  static func ofExperts(_ name: String) -> String {
    var parts = name.split(separator: ".")
    if let experts = parts.firstIndex(of: "experts"), experts + 1 < parts.count { parts[experts + 1] = "*" }
    return parts.joined(separator: ".")
  }

  /// The pattern of a name in every layer.
  fileprivate static func pattern(of name: String) -> String {
    let parts = name.split(separator: ".")
    guard parts.count > 2, parts[0] == "layers", Int(parts[1]) != nil else { return name }
    return ofExperts((["layers", "*"] + parts.dropFirst(2)).joined(separator: "."))
  }

  /// What people call the tensors of a pattern.
  fileprivate static func kind(of pattern: String) -> String {
    let layers = "layers.*."
    return pattern.hasPrefix(layers) ? String(pattern.dropFirst(layers.count)) : pattern
  }
}
