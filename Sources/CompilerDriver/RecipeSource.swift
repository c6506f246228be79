public import Diagnostics
import Files
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
}
