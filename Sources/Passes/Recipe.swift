public import IR

/// What a compile quantizes, and how (method: the table of built-in recipes).
///
/// A new recipe quantizes nothing; its parts are set one by one.
public struct Recipe: Equatable, Sendable {
  /// Name on the command line and in the plan.
  public var name: String
  /// Weights of linear layers; the head is per row wherever these are quantized.
  public var weights = Weights()
  /// The convolution's weight.
  public var convolution = Scales.none
  /// The inputs of convolution and scan.
  public var scanInputs = Scales.none
  /// How the ranges of activations are chosen; classes not named have their maximum.
  public var clips: [TensorClass: Clip] = [:]
  /// Hadamard rotations.
  public var rotation = Rotation()
  /// Range moved from activations into the weights that read them; nil for none.
  public var smoothing: Smoothing?
  /// Whether biases make up for the mean error of each product.
  public var correctsBias = false
  /// Whether norm gains move into the weights that read the norm.
  public var foldsNormGains = false
  /// The embedding table.
  public var embedding = Embedding.source
  /// The head's input, against 8-bit weights.
  public var headInput = HeadInput.float32
  /// The scan's state.
  public var state = StateType.float32
  /// Tensors that stay float.
  public var keep: [Glob] = []
  /// What differs for single tensors; the last that is about one counts.
  public var rules: [TensorRule] = []

  /// A recipe that quantizes nothing.
  public init(name: String) { self.name = name }

  /// Whether a second calibration observes the codes that products read.
  public var observesCodes: Bool {
    weights.scales != .none && (correctsBias || weights.rounding == .gptq)
  }

  /// Whether anything is quantized.
  public var isQuantized: Bool {
    weights.scales != .none || convolution != .none || scanInputs != .none || embedding != .source
      || rules.contains { $0.scales != nil }
  }

  /// Whether ranges from calibration are needed.
  public var needsRanges: Bool { isQuantized || state == .int8 }
}

extension Recipe {
  /// How many scales a tensor has.
  public enum Scales: Sendable, CaseIterable {
    /// It stays float.
    case none
    /// One scale.
    case tensor
    /// One scale for each output row of a weight, or each channel of an activation.
    case channel
  }

  /// How the weights of linear layers become codes.
  public struct Weights: Equatable, Sendable {
    /// Widths of codes that there are.
    public static let widths = [8, 4]

    /// Bits of a code: 8, or 4 with a factor for each group of 128 inputs besides the scale of the row.
    ///
    /// What 4 is said of in general is not the head, nor what Δ, B and C of a scan come from: those keep 8.
    public var bits = 8
    /// How many scales a weight has; with 4 bits one a row in any case.
    public var scales = Scales.none
    /// How the range of a scale is chosen.
    public var clip = Clip.maximum
    /// How a weight is rounded to its code.
    public var rounding = Rounding.nearest
  }

  /// How a weight is rounded to its code.
  public enum Rounding: String, Sendable, CaseIterable {
    /// To the nearest.
    case nearest
    /// So that the errors of a row make up for each other on calibrated inputs (method: §6, GPTQ).
    case gptq
  }

  /// Hadamard rotations, undone by the weights that read what is rotated.
  public struct Rotation: Equatable, Sendable {
    /// What is rotated.
    public enum Kind: String, Sendable, CaseIterable {
      /// Nothing.
      case none
      /// The scan's output.
      case local
      /// The scan's output and the residual stream.
      case residual
    }

    /// What is rotated.
    public var kind = Kind.none
    /// The seed of random signs of the rotations, at least 0; nil for none.
    public var signs: Int?

    /// A rotation, with or without signs.
    public init(kind: Kind = .none, signs: Int? = nil) {
      self.kind = kind
      self.signs = signs
    }
  }

  /// Range moved from activations into the weights that read them (method: §6, smoothing).
  public struct Smoothing: Equatable, Sendable {
    /// How much of the range moves, from 0 to 1.
    public var strength: Double
    /// The activations that are smoothed.
    public var classes: Set<TensorClass>

    /// The classes of all activations that a product may contract.
    public static let contracted: Set<TensorClass> = [
      .norm, .u, .dtLow, .y, .yRotated, .normF, .attended, .h, .hRotated,
    ]

    /// Smoothing of some classes.
    public init(strength: Double, classes: Set<TensorClass>) {
      self.strength = strength
      self.classes = classes
    }
  }

  /// How the embedding table is stored.
  public enum Embedding: String, Sendable, CaseIterable {
    /// As in the checkpoint.
    case source
    /// 8-bit codes with one scale per token.
    case int8
  }

  /// The type of the head's input.
  public enum HeadInput: String, Sendable, CaseIterable {
    case float32, int16, int8
  }

  /// The type of the scan's state.
  public enum StateType: String, Sendable, CaseIterable {
    case float32, float16, int8
  }
}
