public import Diagnostics
import Files
public import IR
public import JSONText
public import Passes

/// Recipes by name or from files.
public enum RecipeSource {
  /// The built-in recipe of a name, or the recipe of a file whose name ends in `.json`.
  /// - Throws: `DiagnosticFailure` where there is no such recipe, or with everything that is wrong with the file.
  public static func recipe(_ nameOrPath: String) throws(DiagnosticFailure) -> Recipe {
    if let recipe = Recipe.named(nameOrPath) { return recipe }
    guard nameOrPath.hasSuffix(".json") else {
      let names = Recipe.builtIn.map(\.name)
      let guess = Spelling.nearest(to: nameOrPath, among: names).map { "did you mean '\($0)'? " } ?? ""
      throw DiagnosticFailure(
        .badOption, "there is no recipe '\(nameOrPath)'", at: .option("--recipe"),
        hint: "\(guess)recipes: \(names.joined(separator: ", ")), or a file whose name ends in .json")
    }
    return try RecipeReader.read(InputFile.read(nameOrPath, limit: 1 << 20), file: nameOrPath)
  }

  /// The recipe that a result of another command tells of.
  /// - Parameter path: the result's file, for messages.
  /// - Throws: `DiagnosticFailure` (`bad-recipe`).
  public static func recipe(_ json: JSONValue, from path: String) throws(DiagnosticFailure) -> Recipe {
    try RecipeReader.read(Array(JSONText.encode(json).utf8), file: path)
  }

  /// The clip of `--percentile`.
  /// - Throws: `DiagnosticFailure` (`bad-option`).
  public static func clip(_ text: String) throws(DiagnosticFailure) -> Recipe.Clip {
    if text == "search" { return .leastError }
    guard let clip = Recipe.Clip("percentile:\(text)") else {
      throw DiagnosticFailure(
        .badOption, "'\(text)' is neither 'search' nor above 0 and up to 100", at: .option("--percentile"))
    }
    return clip == .percentile(100) ? .maximum : clip
  }

  /// The pattern of `--keep`.
  /// - Throws: `DiagnosticFailure` (`bad-option`).
  public static func pattern(_ text: String, option: String = "--keep") throws(DiagnosticFailure) -> Glob {
    guard let glob = Glob(text) else {
      throw DiagnosticFailure(
        .badOption, "'\(text)' is no pattern of names", at: .option(option), hint: Glob.form)
    }
    return glob
  }

  /// The rule of `--set`, such as `layers.*.mixer.u.clip=percentile:99.99`.
  /// - Throws: `DiagnosticFailure` (`bad-option`).
  public static func rule(_ text: String) throws(DiagnosticFailure) -> TensorRule {
    let sides = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard sides.count == 2, let dot = sides[0].lastIndex(of: ".") else { throw badRule(text) }
    var rule = TensorRule(try pattern(String(sides[0][..<dot]), option: "--set"))
    switch sides[0][dot...] {
    case ".clip": rule.clip = Recipe.Clip(sides[1])
    case ".scales": rule.scales = TensorRule.Scales(rawValue: sides[1])
    case ".rounding": rule.rounding = Recipe.Rounding(rawValue: sides[1])
    case ".bits": rule.bits = Int(sides[1]).flatMap { Recipe.Weights.widths.contains($0) ? $0 : nil }
    case ".keep": rule.isKept = Bool(sides[1])
    default: break
    }
    guard rule != TensorRule(rule.tensors) else { throw badRule(text) }
    return rule
  }

  private static func badRule(_ text: String) -> DiagnosticFailure {
    DiagnosticFailure(
      .badOption, "'\(text)' says nothing of tensors", at: .option("--set"),
      hint: "PATTERN.clip=CLIP (\(Recipe.Clip.forms)), PATTERN.scales=tensor|row|channel, "
        + "PATTERN.rounding=nearest|gptq, PATTERN.bits=8|4 or PATTERN.keep=true|false")
  }
}
