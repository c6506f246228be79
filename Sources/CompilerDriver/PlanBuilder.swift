import Backend
import Diagnostics
import Frontend
import IR
import JSONText
import Passes
import PlanFormat
import Tokenization

/// The way from a model to a plan whose constants are still expressions; compiles and forecasts go it alike.
struct PlanBuilder {
  let model: LoadedModel
  let recipe: Recipe
  /// Licence of the model, for the plan's metadata.
  let license: String?

  /// Makes sure that the recipe's patterns mean tensors of the model.
  /// - Returns: warnings of patterns that change nothing.
  /// - Throws: `DiagnosticFailure`.
  func checkPatterns() throws -> [Diagnostic] {
    try Pipeline.checkPatterns(of: recipe, on: model.imported.module)
  }

  /// Runs the recipe's passes and chooses instructions.
  /// - Parameter observe: called with each pass and the module after it.
  /// - Returns: the plan, and warnings and notes of the passes.
  /// - Throws: `DiagnosticFailure`.
  func plan(
    ranges: RangeTable, observe: (Pass, Module) throws -> Void = { _, _ in }
  ) throws -> (plan: LoweredPlan, findings: [Diagnostic]) {
    let (module, findings) = try Pipeline.run(
      Pipeline.passes(for: recipe), on: model.imported.module, recipe: recipe, ranges: ranges,
      observe: observe)
    return (try LoweredPlan(lowering: module), findings)
  }

  /// Adds the tokenizer, and what the plan was made of and by.
  /// - Parameter statistics: digest of the statistics; nil where nothing is quantized.
  func addProvenance(to plan: inout LoweredPlan, model digest: String, statistics: String?) {
    plan.draft.tokenizer = model.tokenizer?.encodeSection() ?? []
    var entries = [
      ("architecture", model.imported.module.architecture), ("tool", ToolVersion.text),
      ("recipe", JSONText.encode(recipe.json)), ("license", license ?? "not stated"),
      ("digest.model", digest), ("digest.tokenizer", model.tokenizerDigest),
    ]
    if let statistics { entries.append(("digest.statistics", statistics)) }
    for (key, value) in entries { plan.draft.addMetadata(key, value) }
  }

  /// Token ids that spread over the vocabulary, the same for every plan of one vocabulary.
  var goldenPrompt: [UInt32] { (1...16).map { UInt32($0 * 7919 % model.vocabulary) } }
}
