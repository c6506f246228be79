import IR

extension Recipe {
  /// The recipes that come with the tool.
  public static let builtIn: [Recipe] = [
    .float32, .naive, .smooth, .quarot, .quamba, .quambaChannel, .quambaSmooth, .quambaW4,
  ]
  /// The recipe used when none is named.
  public static let standard = Recipe.quambaSmooth

  /// The built-in recipe of a name.
  public static func named(_ name: String) -> Recipe? { builtIn.first { $0.name == name } }

  /// Nothing is quantized.
  public static let float32 = Recipe(name: "float32")

  /// Static 8 bits by plain maxima.
  public static let naive: Recipe = {
    var recipe = Recipe(name: "naive")
    recipe.weights.scales = .tensor
    recipe.convolution = .tensor
    recipe.scanInputs = .tensor
    recipe.headInput = .int16
    return recipe
  }()

  /// Plain maxima evened out between activations and weights, as SmoothQuant does.
  public static let smooth: Recipe = {
    var recipe = naive
    recipe.name = "smooth"
    recipe.smoothing = Smoothing(strength: 0.5, classes: Smoothing.contracted)
    return recipe
  }()

  /// Plain maxima of a model whose residual stream and scan outputs are rotated, as QuaRot does.
  public static let quarot: Recipe = {
    var recipe = naive
    recipe.name = "quarot"
    recipe.rotation.kind = .residual
    return recipe
  }()

  /// The paper's method.
  public static let quamba: Recipe = {
    var recipe = naive
    recipe.name = "quamba"
    recipe.clips[.u] = .percentile(99.999)
    recipe.rotation.kind = .local
    return recipe
  }()

  /// The paper's method with a scale for each row and channel.
  public static let quambaChannel: Recipe = {
    var recipe = quamba
    recipe.name = "quamba-channel"
    recipe.weights.scales = .channel
    recipe.convolution = .none
    recipe.scanInputs = .channel
    recipe.embedding = .int8
    return recipe
  }()

  /// With a scale for each channel of every activation, those of contracted ones within the weights, and the rotated
  /// output of the scan clipped where that loses least.
  public static let quambaSmooth: Recipe = {
    var recipe = quambaChannel
    recipe.name = "quamba-smooth"
    recipe.clips = [.yRotated: .leastError]
    recipe.smoothing = Smoothing(strength: 1, classes: [.norm, .u, .yRotated])
    return recipe
  }()

  /// As `quamba-smooth`, with weights of 4 bits in groups, rounded so that their errors make up for each other; norms and
  /// scan outputs are not smoothed, because groups even out the weights' columns already.
  public static let quambaW4: Recipe = {
    var recipe = quambaSmooth
    recipe.name = "quamba-w4"
    recipe.weights.bits = 4
    recipe.weights.clip = .leastError
    recipe.weights.rounding = .gptq
    recipe.smoothing = Smoothing(strength: 1, classes: [.u])
    return recipe
  }()
}
