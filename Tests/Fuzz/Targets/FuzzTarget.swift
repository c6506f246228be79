import Calibration
import CompilerDriver
import IR
import JSONText
import PlanFormat
import PlanRuntime
import Safetensors
import Tokenization

/// One way into the program: bytes that are refused with an error, or read into something that holds together.
public enum FuzzTarget: String, CaseIterable, Sendable {
  /// A plan whose header is mended, loaded and run for a step.
  case plan
  /// Changes to records of a good plan, which is then loaded and run for a step.
  case planEdits = "plan-edits"
  case safetensors, index, config, tokenizer, statistics, recipe, pickle, ir, json
  /// Keys and signatures.
  case minisign

  /// Feeds bytes to the target; whatever they are, it must come back.
  public func run(_ bytes: [UInt8]) {
    switch self {
    case .plan: Self.runPlan(bytes)
    case .planEdits: Self.runPlanEdits(bytes)
    case .safetensors: Self.readSafetensors(bytes)
    case .index: ModelDirectory.index.readCheckpoint(bytes)
    case .config: ModelDirectory.config.read(bytes)
    case .tokenizer: Self.readTokenizer(bytes)
    case .statistics: Self.readStatistics(bytes)
    case .recipe: Self.readRecipe(bytes)
    case .pickle: Self.readPickle(bytes)
    case .ir: Self.readIR(bytes)
    case .json: Self.readJSON(bytes)
    case .minisign: Self.readMinisign(bytes)
    }
  }

  private static func runPlan(_ bytes: [UInt8]) {
    var bytes = bytes
    PlanMending.mendHeader(&bytes)
    if let plan = try? Plan(bytes: bytes) { OneStep.run(plan) }
  }

  /// Every eight bytes are an edit: how wide, where, and what; the first byte chooses the plan.
  private static func runPlanEdits(_ edits: [UInt8]) {
    guard let choice = edits.first else { return }
    var bytes = SeedFiles.shared.plans[Int(choice) % SeedFiles.shared.plans.count].bytes
    for start in stride(from: 1, to: edits.count - 7, by: 8) {
      PlanEdit(edits[start..<(start + 8)]).apply(to: &bytes)
    }
    PlanMending.mendChecksum(&bytes)
    if let plan = try? Plan(bytes: bytes) { OneStep.run(plan) }
  }

  private static func readSafetensors(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { file in
      guard let header = try? SafetensorsHeader(file: file) else { return }
      for tensor in header.tensors {
        precondition(tensor.byteRange.upperBound <= file.count, "a tensor reaches out of the file")
      }
    }
  }

  private static func readStatistics(_ bytes: [UInt8]) {
    guard let statistics = try? Statistics(parsing: bytes) else { return }
    let again = try? Statistics(parsing: Array(statistics.text.utf8))
    precondition(again == statistics, "statistics do not survive writing and reading")
  }

  private static func readRecipe(_ bytes: [UInt8]) {
    guard let recipe = try? RecipeSource.recipe(ModelDirectory.recipe.write(bytes)) else { return }
    let again = try? RecipeSource.recipe(ModelDirectory.recipe.write(Array(recipe.jsonText.utf8)))
    precondition(again == recipe, "a recipe does not survive writing and reading")
  }

  private static func readIR(_ bytes: [UInt8]) {
    guard let text = String(validating: bytes, as: UTF8.self), let module = try? Module(parsing: text) else {
      return
    }
    let again = try? Module(parsing: module.text)
    precondition(again?.text == module.text, "a module does not survive printing and parsing")
  }

  private static func readJSON(_ bytes: [UInt8]) {
    for limits in [JSONLimits(), JSONLimits(allowsNonFinite: true)] {
      guard let value = try? JSONText.parse(bytes, limits: limits) else { continue }
      let text = JSONText.encode(value)
      let again = try? JSONText.parse(text, limits: limits)
      precondition(again.map { JSONText.encode($0) } == text, "a value does not survive writing and reading")
    }
  }
}
