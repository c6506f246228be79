import ArgumentParser
import Calibration
import CompilerDriver
import Diagnostics
import Passes
import PlanRuntime

/// How many threads to use.
struct ThreadOptions: ParsableArguments {
  @Option(help: "Threads; the physical cores that this process may use unless given.")
  var threads: Int?

  /// The number of threads to use.
  var count: Int { threads ?? ContextOptions.usualThreads }

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads is \(threads); it must be from 1 to 1024")
    }
  }
}

/// Room for the keys and values of attention.
struct ContextCapacityOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Tokens of one sequence that there is room for, where the plan has attention; as many as are needed unless given.",
      valueName: "tokens"))
  var context: Int?

  func validate() throws {
    if let context, !(1...(1 << 24)).contains(context) {
      throw ValidationError("--context is \(context); it must be from 1 to \(1 << 24)")
    }
  }
}

/// A tokenizer from elsewhere.
struct TokenizerOptions: ParsableArguments {
  @Option(
    help: """
      A tokenizer.json for a model directory or a plan that has none, or in place of its own; tokenizer_config.json \
      beside it is read too.
      """)
  var tokenizer: String?
}

/// How progress is shown.
struct ProgressOptions: ParsableArguments {
  @Option(
    help: "Progress on standard error: \(ProgressMode.allCases.map(\.rawValue).joined(separator: ", ")).")
  var progress = ProgressMode.auto
}

/// Which recipe, with changes to it.
struct RecipeOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      What is quantized, and how: \(Recipe.builtIn.map(\.name).joined(separator: ", ")), or a file of JSON \
      (Schemas/recipe.schema.json).
      """, valueName: "name-or-file"))
  var recipe = Recipe.standard.name

  @Option(
    help: """
      Clip of the scan's input u: a percentile of |u| such as 99.99 (100: none), or 'search' for the clip of least \
      squared error.
      """)
  var percentile: String?

  @Option(
    help: ArgumentHelp(
      """
      Tensors that stay float, by name: '*' stands for any characters, '?' for one, as in 'layers.0.*'. Repeatable.
      """, valueName: "pattern"))
  var keep: [String] = []

  @Option(
    help: ArgumentHelp(
      """
      What differs for single tensors: PATTERN.clip=maximum|least-error|percentile:P, PATTERN.scales=tensor|row|channel, \
      PATTERN.rounding=nearest|gptq, PATTERN.bits=8|4, PATTERN.keep=true|false. Repeatable; the last that is about a \
      tensor counts.
      """, valueName: "pattern.part=value"))
  var set: [String] = []

  /// The recipe that these options ask for.
  func resolved() throws(DiagnosticFailure) -> Recipe {
    var recipe = try RecipeSource.recipe(recipe)
    if let percentile { recipe.clips[.u] = try RecipeSource.clip(percentile) }
    for text in keep { recipe.keep.append(try RecipeSource.pattern(text)) }
    for text in set { recipe.rules.append(try RecipeSource.rule(text)) }
    return recipe
  }
}

/// The text to calibrate on.
struct CalibrationOptions: ParsableArguments {
  @Option(
    help:
      "Text to calibrate on: .txt, or .jsonl with a field \"text\" (or \"ids\"). A built-in one unless given."
  )
  var text: String?

  @Option(help: "Largest number of passages; 64 unless given.")
  var samples: Int?

  @Option(name: .customLong("seq-len"), help: "Tokens of one passage; 512 unless given.")
  var length: Int?

  /// Whether any of these options is given.
  var isGiven: Bool { text != nil || samples != nil || length != nil }

  /// Whether nothing but the text is given.
  var isTextAlone: Bool { text != nil && samples == nil && length == nil }

  /// How much text is to be used.
  var size: CalibrationText.Size {
    let usual = CalibrationText.Size()
    return CalibrationText.Size(samples: samples ?? usual.samples, length: length ?? usual.length)
  }

  func validate() throws {
    guard (1...Statistics.mostPassages).contains(size.samples) else {
      throw ValidationError("--samples must be from 1 to \(Statistics.mostPassages)")
    }
    guard (1...4096).contains(size.length) else { throw ValidationError("--seq-len must be from 1 to 4096") }
  }
}
