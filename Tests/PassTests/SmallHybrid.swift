import IR

/// A model of one layer with attention, an MLP of experts and a dense one, whose constants need no file.
enum SmallHybrid {
  /// The module as a frontend would import it.
  static func module() throws -> Module {
    try Module(parsing: (head + attention + routing + experts + dense + tail).joined(separator: "\n"))
  }

  private static func constant(_ name: String, _ shape: String, seed: Int) -> String {
    "$\(name): f32[\(shape)] = constant() {source = random(\(seed), 1.0)} at \"hybrid\" by import"
  }

  private static func row(_ name: String, _ width: Int, _ value: String) -> String {
    "%\(name): f32[\(width)] = \(value) at \"hybrid\" by import"
  }

  private static func linear(_ name: String, _ input: String, _ shape: (Int, Int), seed: Int) -> [String] {
    [
      constant("\(name).weight", "\(shape.0), \(shape.1)", seed: seed),
      row(name, shape.0, "linear(%\(input), $\(name).weight)"),
    ]
  }

  private static func norm(_ name: String, _ input: String, seed: Int) -> [String] {
    [
      constant("\(name).gain", "8", seed: seed),
      row(name, 8, "rms_norm(%\(input), $\(name).gain) {epsilon = 1e-05}"),
    ]
  }

  private static func mlp(_ name: String, _ input: String, seed: Int) -> [String] {
    linear("\(name).gate", input, (12, 8), seed: seed)
      + linear("\(name).up", input, (12, 8), seed: seed + 1)
      + [row("\(name).h", 12, "gate(%\(name).up, %\(name).gate)")]
      + linear("\(name).down", "\(name).h", (8, 12), seed: seed + 2)
  }

  private static let head =
    [
      "quamba-ir 1", "architecture \"hybrid\"", "layers 1", "stage imported", "",
      "%tokens: i32[1] = tokens() at \"hybrid\" by import", constant("embeddings", "10, 8", seed: 1),
      row("embedding", 8, "embedding(%tokens, $embeddings)"),
    ]

  private static let attention =
    norm("norm", "embedding", seed: 2) + linear("q", "norm", (8, 8), seed: 3)
    + linear("k", "norm", (4, 8), seed: 4) + linear("v", "norm", (4, 8), seed: 5)
    + [row("attended", 8, "attention(%q, %k, %v) {heads = 2, key_heads = 1, scale = 0.5}")]
    + linear("out", "attended", (8, 8), seed: 6) + [row("mixed", 8, "add(%embedding, %out)")]

  private static let routing =
    norm("mlp.norm", "mixed", seed: 7) + linear("router", "mlp.norm", (3, 8), seed: 8)
    + [row("routes", 3, "route(%router) {count = 2}")]

  private static let experts = (0..<3).flatMap { expert in
    let (name, number) = ("experts.\(expert)", "{expert = \(expert)}")
    let sum = expert == 0 ? "mixed" : "experts.\(expert - 1).sum"
    return [row("\(name).norm", 8, "dispatch(%mlp.norm, %routes) \(number)")]
      + mlp(name, "\(name).norm", seed: 9 + 3 * expert)
      + [row("\(name).sum", 8, "combine(%\(sum), %\(name).down, %routes) \(number)")]
  }

  private static let dense =
    norm("dense.norm", "experts.2.sum", seed: 18) + mlp("dense", "dense.norm", seed: 19)
    + [row("residual", 8, "add(%experts.2.sum, %dense.down)")]

  private static let tail =
    [row("selected", 8, "select_rows(%residual)")] + norm("norm_f", "selected", seed: 22)
    + [row("logits", 10, "linear(%norm_f, $embeddings)"), "return %logits", ""]
}
