extension Recipe {
  /// The recipes that come with the tool.
  public static let builtIn: [Recipe] = [.float32, .naive, .quamba, .quambaChannel]
  /// The recipe used when none is named.
  public static let standard = Recipe.quambaChannel

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
}
