import Calibration
import CompilerDriver
import IR
import JSONText
import Passes
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
  /// - Returns: whether the bytes were accepted, and a plan's run for a step.
  @discardableResult
  public func run(_ bytes: [UInt8]) -> Bool {
    switch self {
    case .plan: Self.runPlan(bytes)
    case .planEdits: Self.runPlanEdits(bytes)
    case .safetensors: Self.readSafetensors(bytes)
    case .index: ModelDirectory.index.checkpoint(bytes) != nil
    case .config: ModelDirectory.config(for: bytes)?.importModel(bytes) ?? false
    case .tokenizer: Self.readTokenizer(bytes)
    case .statistics: Self.readStatistics(bytes)
    case .recipe: Self.readRecipe(bytes)
    case .pickle: Self.readPickle(bytes)
    case .ir: Self.readIR(bytes)
    case .json: Self.readJSON(bytes)
    case .minisign: Self.readMinisign(bytes)
    }
  }

  private static func runPlan(_ bytes: [UInt8]) -> Bool {
    var bytes = bytes
    PlanMending.mendHeader(&bytes)
    return (try? Plan(bytes: bytes)).map { OneStep.run($0) } ?? false
  }

  /// Every eight bytes are an edit: how wide, where, and what; the first byte chooses the plan.
  private static func runPlanEdits(_ edits: [UInt8]) -> Bool {
    guard let choice = edits.first else { return false }
    let plan = SeedFiles.shared.plans[Int(choice) % SeedFiles.shared.plans.count]
    var bytes = plan.bytes
    for start in stride(from: 1, to: edits.count - 7, by: 8) {
      PlanEdit(edits[start..<(start + 8)]).apply(to: &bytes, weightsOffset: plan.weightsOffset)
    }
    PlanMending.mendChecksum(&bytes)
    return (try? Plan(bytes: bytes)).map { OneStep.run($0) } ?? false
  }

  private static func readSafetensors(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { file in
      guard let header = try? SafetensorsHeader(file: file) else { return false }
      for tensor in header.tensors {
        precondition(tensor.byteRange.upperBound <= file.count, "a tensor reaches out of the file")
      }
      return true
    }
  }

  private static func readStatistics(_ bytes: [UInt8]) -> Bool {
    guard let statistics = try? Statistics(parsing: bytes) else { return false }
    let again = try? Statistics(parsing: Array(statistics.text.utf8))
    precondition(again == statistics, "statistics do not survive writing and reading")
    for tap in statistics.taps { _ = TapSummary(tap).outlierRatio }
    return true
  }

  private static func readRecipe(_ bytes: [UInt8]) -> Bool {
    guard let recipe = try? RecipeSource.recipe(ModelDirectory.recipe.write(bytes)) else { return false }
    let again = try? RecipeSource.recipe(ModelDirectory.recipe.write(Array(recipe.jsonText.utf8)))
    precondition(again == recipe, "a recipe does not survive writing and reading")
    _ = try? Pipeline.run(
      Pipeline.calibrationPasses(for: recipe), on: SeedFiles.shared.module, recipe: recipe)
    return true
  }

  private static func readIR(_ bytes: [UInt8]) -> Bool {
    guard let text = String(validating: bytes, as: UTF8.self), let module = try? Module(parsing: text) else {
      return false
    }
    let again = try? Module(parsing: module.text)
    precondition(again?.text == module.text, "a module does not survive printing and parsing")
    return true
  }

  private static func readJSON(_ bytes: [UInt8]) -> Bool {
    var accepted = false
    for limits in [JSONLimits(), JSONLimits(allowsNonFinite: true)] {
      guard let value = try? JSONText.parse(bytes, limits: limits) else { continue }
      let text = JSONText.encode(value)
      let again = try? JSONText.parse(text, limits: limits)
      precondition(again.map { JSONText.encode($0) } == text, "a value does not survive writing and reading")
      accepted = true
    }
    return accepted
  }
}
