public import IR

/// What a recipe says of single tensors; of several rules about one, the last counts.
public struct TensorRule: Equatable, Sendable {
  /// The tensors that it is about.
  public var tensors: Glob
  /// Whether they stay float.
  public var isKept: Bool?
  /// How their ranges are chosen.
  public var clip: Recipe.Clip?
  /// How many scales they have.
  public var scales: Scales?
  /// How they are rounded; of weights alone.
  public var rounding: Recipe.Rounding?
  /// Bits of a code, 8 or 4; of weights of products alone.
  public var bits: Int?

  /// How many scales a tensor has.
  public enum Scales: String, Sendable, CaseIterable {
    /// One.
    case tensor
    /// One for each output row; of weights alone.
    case row
    /// One for each channel; of what convolution and scan read alone.
    case channel
  }

  /// A rule that says nothing yet.
  public init(_ tensors: Glob) { self.tensors = tensors }
}

extension Recipe {
  /// How the range of an activation is chosen.
  public func clip(ofActivation name: String) -> Clip { namedClip(ofActivation: name) ?? .maximum }

  /// How the range of an activation is chosen, where the recipe says anything of it.
  public func namedClip(ofActivation name: String) -> Clip? {
    setting(of: [name], \.clip) ?? TensorClass(ofTensor: name).flatMap { clips[$0] }
  }

  /// Whether a tensor of these names stays float.
  func keeps(_ names: [String]) -> Bool {
    setting(of: names, \.isKept) ?? keep.contains { $0.matches(any: names) }
  }

  /// How a weight of these names becomes codes; nil where it stays float.
  func weights(_ names: [String], usual: Weights) -> Weights? {
    var weights = usual
    weights.scales = setting(of: names) { $0.scales?.ofWeight } ?? usual.scales
    guard weights.scales != .none, !keeps(names) else { return nil }
    weights.clip = setting(of: names, \.clip) ?? weights.clip
    weights.rounding = setting(of: names, \.rounding) ?? weights.rounding
    weights.bits = setting(of: names, \.bits) ?? weights.bits
    return weights
  }

  /// How many scales an input of convolution or scan has; `none` where it stays float.
  func scales(ofScanInput name: String) -> Scales {
    let names = [name, TensorNames.scanCopy(of: name)]
    return keeps(names) ? .none : setting(of: names) { $0.scales?.ofScanInput } ?? scanInputs
  }

  /// What the last rule about a tensor that says anything of a part says.
  private func setting<Value>(of names: [String], _ part: (TensorRule) -> Value?) -> Value? {
    for rule in rules.reversed() {
      if let value = part(rule), rule.tensors.matches(any: names) { return value }
    }
    return nil
  }
}

extension TensorRule.Scales {
  /// What it means for weights, nil for nothing.
  fileprivate var ofWeight: Recipe.Scales? {
    switch self {
    case .tensor: .tensor
    case .row: .channel
    case .channel: nil
    }
  }

  /// What it means for inputs of convolution and scan, nil for nothing.
  fileprivate var ofScanInput: Recipe.Scales? {
    switch self {
    case .tensor: .tensor
    case .channel: .channel
    case .row: nil
    }
  }
}

extension Glob {
  /// Whether the pattern stands for one of these names.
  func matches(any names: [String]) -> Bool { names.contains(where: matches) }
}
