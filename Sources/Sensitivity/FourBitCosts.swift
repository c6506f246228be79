public import Evaluation
import JSONText
public import Passes

/// What four bits in place of eight cost, for single weights.
public struct FourBitCosts: Sendable {
  /// One weight.
  public struct Weight: Sendable {
    /// What recipes know it by.
    public let pattern: Glob
    /// KL with no other weight in four bits, in nats per token.
    public let divergence: Estimate
    /// By how much that is above the KL with no weight in four bits, paired window by window.
    public let cost: Estimate
    /// Bytes by which the plan is smaller.
    public let bytes: Int
  }

  /// KL with no weight in four bits.
  public let without: Estimate
  /// The weights that the recipe gives four bits.
  public let weights: [Weight]
}

extension FourBitCosts {
  /// The costs as JSON (`Schemas/analyze.schema.json`).
  var json: JSONValue {
    .object([
      ("without", .object(without.members("kl"))),
      ("weights", .array(weights.map(\.json))),
    ])
  }
}

extension FourBitCosts.Weight {
  fileprivate var json: JSONValue {
    .object(
      [("tensors", .array([.string(pattern.text)]))] + divergence.members("kl") + cost.members("cost")
        + [("bytes", .integer(Int64(bytes)))])
  }
}
