/// What a compile quantizes, and how (method: the table of built-in recipes).
public struct Recipe: Equatable, Sendable {
  /// How many scales a tensor has.
  public enum Scales: String, Sendable, CaseIterable {
    /// It stays float.
    case none
    /// One scale.
    case tensor
    /// One scale for each output row of a weight, or each channel of an activation.
    case channel
  }

  /// How the range of the scan's input u is chosen.
  public enum Clip: Equatable, Sendable {
    /// The largest magnitude seen.
    case maximum
    /// The magnitude below which this percentage of all elements lies.
    case percentile(Double)
    /// The magnitude that gives the least mean squared error.
    case leastError
  }

  /// Name on the command line and in the plan.
  public var name: String
  /// Weights of linear layers; the head is per row wherever this is not `none`.
  public var weights: Scales
  /// The convolution's weight.
  public var convolution: Scales
  /// The inputs of convolution and scan.
  public var scanInputs: Scales
  /// Range of the copy of u that a product contracts.
  public var clip: Clip
  /// Whether the scan's output is rotated.
  public var rotatesScanOutput: Bool
  /// Whether norm gains move into the weights that read the norm.
  public var foldsNormGains: Bool
  /// The embedding table: `channel` is one scale per token.
  public var embedding: Scales
  /// Whether the head's input is codes; otherwise it stays float against 8-bit weights.
  public var quantizesHeadInput: Bool

  /// A recipe from its parts.
  public init(
    name: String, weights: Scales, convolution: Scales, scanInputs: Scales, clip: Clip,
    rotatesScanOutput: Bool,
    foldsNormGains: Bool = false, embedding: Scales = .none, quantizesHeadInput: Bool = false
  ) {
    self.name = name
    self.weights = weights
    self.convolution = convolution
    self.scanInputs = scanInputs
    self.clip = clip
    self.rotatesScanOutput = rotatesScanOutput
    self.foldsNormGains = foldsNormGains
    self.embedding = embedding
    self.quantizesHeadInput = quantizesHeadInput
  }

  /// Whether anything is quantized.
  public var isQuantized: Bool { weights != .none }
}

extension Recipe {
  /// The recipes that come with the tool.
  public static let builtIn: [Recipe] = [.float32, .naive, .quamba, .quambaChannel]
  /// The recipe used when none is named.
  public static let standard = Recipe.quambaChannel

  /// The built-in recipe of a name.
  public static func named(_ name: String) -> Recipe? { builtIn.first { $0.name == name } }

  /// Nothing is quantized.
  public static let float32 = Recipe(
    name: "float32", weights: .none, convolution: .none, scanInputs: .none, clip: .maximum,
    rotatesScanOutput: false)

  /// Static 8 bits by plain maxima.
  public static let naive = Recipe(
    name: "naive", weights: .tensor, convolution: .tensor, scanInputs: .tensor, clip: .maximum,
    rotatesScanOutput: false)

  /// The paper's method.
  public static let quamba = Recipe(
    name: "quamba", weights: .tensor, convolution: .tensor, scanInputs: .tensor, clip: .percentile(99.999),
    rotatesScanOutput: true)

  /// The paper's method with a scale for each row and channel.
  public static let quambaChannel = Recipe(
    name: "quamba-channel", weights: .channel, convolution: .none, scanInputs: .channel,
    clip: .percentile(99.999), rotatesScanOutput: true, embedding: .channel)
}
