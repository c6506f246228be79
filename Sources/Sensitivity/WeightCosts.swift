public import CompilerDriver
import Diagnostics
import Evaluation
import Files
import Frontend
import JSONText
public import Passes

/// What four bits cost weights, measured now or read from what `quamba analyze` has saved.
public struct WeightCosts: Sendable {
  private let costs: [String: Double]
  /// Where they were read.
  private let path: String?

  /// Costs that were measured now.
  public init(_ measured: FourBitCosts) {
    costs = Dictionary(measured.weights.map { ($0.pattern.text, $0.cost.value) }, uniquingKeysWith: { $1 })
    path = nil
  }

  /// Reads an analysis.
  ///
  /// - Parameters:
  ///   - model: the model that it must be of.
  ///   - recipe: the recipe that it must be by, but for what an analysis passes over.
  /// - Throws: `DiagnosticFailure`: the file is no analysis, tells nothing of four bits, or is of another model or by
  ///   another recipe.
  public init(path: String, model: LoadedModel, recipe: Recipe) throws {
    let bytes = try InputFile.read(path, limit: 64 << 20, allowsPipe: true)
    let digest: String
    let used: JSONValue?
    do throws(JSONError) {
      let root = JSONCursor(try JSONText.parse(bytes))
      digest = try root["digests"]["model"].string()
      used = try root.optional("recipe")?.value
      costs = try Self.costs(root)
    } catch {
      throw DiagnosticFailure(
        error.diagnostic(
          .badJSON, file: path,
          hint: "give the result of 'quamba analyze --save' by a recipe such as quamba-w4"))
    }
    self.path = path
    guard digest == (try model.digest()) else {
      throw DiagnosticFailure(
        .statisticsMismatch, "the analysis is of another model", at: .file(path),
        hint: "analyze this model by the recipe of this compile")
    }
    if let used, !Self.isSame(try RecipeSource.recipe(used, from: path), recipe) {
      throw DiagnosticFailure(
        .statisticsMismatch, "the analysis is by another recipe", at: .file(path),
        hint: "analyze by the recipe of this compile, with the same --keep and --set")
    }
  }

  /// Whether two recipes cost the same, whatever they are called.
  private static func isSame(_ first: Recipe, _ second: Recipe) -> Bool {
    var (first, second) = (first.asMeasured, second.asMeasured)
    (first.name, second.name) = ("", "")
    return first == second
  }

  private static func costs(_ root: JSONCursor) throws(JSONError) -> [String: Double] {
    guard let found = try root.optional("four_bits") else {
      throw root.error("the analysis tells nothing of four bits")
    }
    var costs: [String: Double] = [:]
    for weight in try found["weights"].array() {
      costs[try weight["tensors"][0].string()] = try weight["cost"].double()
    }
    return costs
  }

  /// The KL that four bits in place of eight cost a weight.
  func cost(of weight: FourBitWeight) throws(DiagnosticFailure) -> Double {
    if let cost = costs[weight.pattern.text] { return cost }
    throw DiagnosticFailure(
      .statisticsMismatch, "the analysis does not tell what four bits cost '\(weight.pattern.text)'",
      at: path.map { .file($0) } ?? .option("--budget"), hint: "analyze by the recipe of this compile")
  }
}
