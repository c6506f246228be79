public import Evaluation
public import Passes

/// What each layer and each kind of tensor of a model costs when it is quantized.
public struct Sensitivity: Sendable {
  /// One group of tensors.
  public struct Group: Sendable {
    /// The tensors.
    public let group: TensorGroup
    /// KL with nothing but these quantized, in nats per token.
    public let onlyQuantized: Estimate
    /// KL with nothing but these float.
    public let onlyFloat: Estimate
    /// How much of the whole KL goes when these stay float, paired window by window.
    public let gain: Estimate
    /// Bytes by which the plan grows then.
    public let bytes: Int
  }

  /// KL of the recipe as it is.
  public let whole: Estimate
  /// Tokens scored.
  public let tokens: Int
  /// Windows scored.
  public let windows: Int
  /// Inputs of a window.
  public let windowLength: Int
  /// Bytes of the plan as the recipe makes it.
  public let byteCount: Int
  /// Layers, then kinds of tensors.
  public let groups: [Group]
  /// What four bits cost single weights; nil where the recipe gives them to none.
  public let fourBits: FourBitCosts?

  /// The fewest groups that, by what each gains alone, take away half of the KL when they stay float.
  ///
  /// Of layers and kinds of tensors those that need fewer; only groups whose gain is above two standard errors.
  public var advice: [Group] {
    let choices = [TensorGroup.Kind.layer, .tensors].map { kind in
      Self.halving(groups.filter { $0.group.kind == kind }, of: whole.value)
    }
    let reaching = choices.filter { $0.reaches }
    return (reaching.min { $0.groups.count < $1.groups.count } ?? choices.max { $0.gain < $1.gain })?.groups
      ?? []
  }

  private static func halving(
    _ groups: [Group], of whole: Double
  ) -> (groups: [Group], gain: Double, reaches: Bool) {
    let sure = groups.filter { $0.gain.standardError.isFinite && $0.gain.value > 2 * $0.gain.standardError }
      .sorted { ($1.gain.value, $0.group.name) < ($0.gain.value, $1.group.name) }
    var chosen: [Group] = []
    var gain = 0.0
    for group in sure where gain < whole / 2 {
      chosen.append(group)
      gain += group.gain.value
    }
    return (chosen, gain, gain >= whole / 2)
  }
}
