import ArgumentParser
import Calibration
import CompilerDriver
import Diagnostics
import Evaluation
import Passes
import Sensitivity

/// How many bits weights may take.
struct BudgetOptions: ParsableArguments {
  /// Windows of the calibration's text that are scored where no analysis is given.
  private static let windows = 8

  @Option(
    help: ArgumentHelp(
      """
      Bits that a weight of linear layers or of the embedding may take on average, scales and all, such as 6bpw. Of the \
      weights to which the recipe gives four bits, those get eight that save most KL for their bytes.
      """, valueName: "bits"))
  var budget: String?

  @Option(
    help: ArgumentHelp(
      """
      For --budget: what 'quamba analyze' has saved by the same recipe. Measured on the calibration's text when absent.
      """, valueName: "file"))
  var sensitivities: String?

  func validate() throws {
    if let budget, BitBudget(budget) == nil {
      throw ValidationError(
        "--budget is '\(budget)'; it must be a number of bits above 0 and up to 32, such as 6bpw")
    }
    if sensitivities != nil && budget == nil { throw ValidationError("--sensitivities is for --budget") }
  }

  /// What chooses the bits of weights after calibration; nil without a budget.
  func choosing(for options: Compiler.Options, progress: ProgressMode) -> Compiler.Options.Choosing? {
    guard let budget = budget.flatMap(BitBudget.init) else { return nil }
    let sensitivities = sensitivities
    return { model, statistics in
      let costs =
        try sensitivities.map { try WeightCosts(path: $0, model: model, recipe: options.recipe) }
        ?? WeightCosts(try Self.measure(model, statistics, options, progress))
      return try Self.rules(for: model, options.recipe, budget, costs)
    }
  }

  /// The rules of a forecast, which needs the costs.
  func rules(for options: Compiler.Options) throws -> [TensorRule] {
    guard let budget = budget.flatMap(BitBudget.init) else { return [] }
    guard let sensitivities else {
      throw DiagnosticFailure(
        .badOption, "what a plan within a budget holds is not known before weights are measured",
        at: .option("--dry-run"), hint: "give --sensitivities FILE")
    }
    let model = try LoadedModel(directory: options.model, tokenizer: options.tokenizer, checksValues: false)
    let costs = try WeightCosts(path: sensitivities, model: model, recipe: options.recipe)
    return try Self.rules(for: model, options.recipe, budget, costs)
  }

  private static func rules(
    for model: LoadedModel, _ recipe: Recipe, _ budget: BitBudget, _ costs: WeightCosts
  ) throws -> [TensorRule] {
    let choice = try BitChoice(for: model, recipe: recipe, budget: budget, costs: costs)
    Console.report([note(choice)])
    return choice.rules
  }

  private static func note(_ choice: BitChoice) -> Diagnostic {
    let wide = choice.wide.map(\.text).joined(separator: ", ")
    return Diagnostic(
      .bitBudget,
      """
      \(FixedPoint.text(choice.meanBits, digits: 3)) bits a weight on average; four bits for \(choice.narrow.count), eight \
      for \(choice.wide.count)\(wide.isEmpty ? "" : ": \(wide)")
      """, severity: .note)
  }

  /// Measures on the first passages of the text that was calibrated on.
  private static func measure(
    _ model: LoadedModel, _ statistics: Statistics, _ options: Compiler.Options, _ progress: ProgressMode
  ) throws -> FourBitCosts {
    let text = try options.text.map { try TextInput(path: $0) }
    let calibration = try CalibrationRun(model, recipe: options.recipe)
    let passages = try calibration.passages(of: statistics, text: text).prefix(Self.windows + 1)
    let tokens = passages.flatMap(\.tokens)
    let windows: TextWindows
    do throws(EvaluationError) {
      windows = try TextWindows(
        tokens: tokens, length: min(512, max(tokens.count - 1, 1)), limit: Self.windows)
    } catch {
      throw DiagnosticFailure(
        .badText, "\(error)", at: .option("--budget"),
        hint: "calibrate on a longer text, or give --sensitivities")
    }
    let run = try SensitivityRun(
      model, recipe: options.recipe, statistics: statistics, windows: windows, threads: options.threads)
    let reporter = ProgressReporter(progress, task: "measure weights")
    return try run.fourBitCosts(progress: reporter.show, shouldStop: Interruption.shouldStop)
  }
}
