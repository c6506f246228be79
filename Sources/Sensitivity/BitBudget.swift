public import CompilerDriver
import Diagnostics
import Frontend
public import Passes

/// How many bits a weight of linear layers or of the embedding may take on average, as it is stored.
public struct BitBudget: Equatable, Sendable {
  /// Bits a weight.
  public let bits: Double

  /// Reads what users write, such as `6bpw` or `5.25bpw`; nil for anything else.
  public init?(_ text: String) {
    guard text.hasSuffix("bpw"), let bits = Double(text.dropLast(3)), bits > 0, bits <= 32 else { return nil }
    self.bits = bits
  }
}

/// Which weights have eight bits and which four.
public struct BitChoice: Sendable {
  /// A weight that may have four bits.
  struct Candidate {
    let pattern: Glob
    /// KL that eight bits save.
    let gain: Double
    /// Bytes that they cost.
    let bytes: Int
  }

  /// The weights that get eight bits, best first.
  public let wide: [Glob]
  /// The weights that stay at four.
  public let narrow: [Glob]
  /// Bits a weight takes on average, all linear layers and the embedding counted.
  public let meanBits: Double

  /// Gives eight bits to the weights that save most KL for each byte that they cost, as far as a budget reaches.
  ///
  /// A weight for which too little is left is passed over, and so is one that saves nothing.
  init(_ candidates: [Candidate], byteCount: Int, weightCount: Int, budget: BitBudget) {
    let best = candidates.filter { $0.gain > 0 }.sorted {
      let (first, second) = ($0.gain * Double($1.bytes), $1.gain * Double($0.bytes))
      return first == second ? $0.pattern.text < $1.pattern.text : first > second
    }
    let limit = budget.bits * Double(weightCount) / 8
    var (bytes, wide) = (byteCount, [Glob]())
    for candidate in best where Double(bytes + candidate.bytes) <= limit {
      bytes += candidate.bytes
      wide.append(candidate.pattern)
    }
    self.wide = wide
    narrow = candidates.map(\.pattern).filter { !wide.contains($0) }
    meanBits = Double(bytes) * 8 / Double(max(weightCount, 1))
  }
}

extension BitChoice {
  /// What a recipe gains by the choice.
  public var rules: [TensorRule] { Recipe.rules(bits: 8, of: wide) }

  /// Chooses for a model and a recipe that gives some weights four bits.
  ///
  /// - Parameter costs: what four bits cost each of them.
  /// - Throws: `DiagnosticFailure` where the recipe gives no weight four bits, the budget is below what the recipe
  ///   itself needs, or a weight is missing in `costs`.
  public init(
    for model: LoadedModel, recipe: Recipe, budget: BitBudget, costs: WeightCosts
  ) throws {
    let weights = try Pipeline.fourBitWeights(of: recipe, on: model.imported.module)
    guard !weights.isEmpty else {
      throw DiagnosticFailure(
        .badOption, "the recipe gives no weight four bits, so that there is nothing to choose",
        at: .option("--budget"), hint: "name one that does, such as --recipe quamba-w4")
    }
    let small = try WeightStorage(of: model, recipe: recipe)
    let large = try WeightStorage(of: model, recipe: recipe.giving(bits: 8, to: weights.map(\.pattern)))
    let (smallest, largest) = (small.meanBits, large.meanBits)
    guard smallest <= budget.bits else {
      throw DiagnosticFailure(
        .badOption,
        "the recipe needs \(FixedPoint.text(smallest, digits: 2)) bits a weight with four wherever it may",
        at: .option("--budget"),
        hint:
          "from \(FixedPoint.text(smallest, digits: 2)) to \(FixedPoint.text(largest, digits: 2)) bits make a difference"
      )
    }
    let candidates = try weights.map { weight in
      let grown = weight.tensors.map { (large.byteCounts[$0] ?? 0) - (small.byteCounts[$0] ?? 0) }
      return Candidate(pattern: weight.pattern, gain: try costs.cost(of: weight), bytes: grown.reduce(0, +))
    }
    self.init(candidates, byteCount: small.byteCount, weightCount: small.weightCount, budget: budget)
  }
}
