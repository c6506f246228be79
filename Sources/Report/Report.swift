public import Calibration
import JSONText
public import PlanRuntime

/// What a report is made of; every part that is absent is left out of the page.
public struct Report {
  /// The largest values that are acceptable.
  public struct Limits: Equatable, Sendable {
    /// Of the mean KL divergence from the float model, in nats per token.
    public var divergence: Double?
    /// Of the increase of perplexity, as a share.
    public var increase: Double?

    /// Limits; nil for none.
    public init(divergence: Double? = nil, increase: Double? = nil) {
      self.divergence = divergence
      self.increase = increase
    }
  }

  /// What the page calls the plan.
  public var name: String
  /// What calibration saw.
  public var statistics: Statistics?
  /// What the verdict holds the measured values against.
  public var limits = Limits()
  /// Bytes of the checkpoint's tensors.
  public var sourceBytes: Int?
  /// Warnings of the compile.
  public var findings: [String] = []
  /// The command that makes the plan.
  public var command: String?
  /// Where the time went: names and seconds; only of interest to one machine.
  public var seconds: [(name: String, seconds: Double)] = []

  let facts: PlanFacts
  var evaluations: [Evaluated] = []
  var comparison: [ComparedTap] = []
  var analysis: [AnalyzedGroup] = []
  /// Patterns of tensors that are worth keeping in float.
  var keep: [String] = []

  /// A report of a plan.
  public init(_ plan: Plan, name: String) {
    facts = PlanFacts(plan)
    self.name = name
  }

  /// The recipe's name, as the plan tells it.
  public var recipeName: String? { facts.recipeName }

  /// The recipe as JSON over several lines, as the plan tells it.
  public var recipeText: String? { facts.recipe.map { JSONText.encode($0, pretty: true) } }

  /// The page: one HTML document that loads nothing from elsewhere, the same bytes for the same content.
  public var page: String {
    let sections = [
      accuracySection, noiseSection, rangeSection, histogramSection, scaleSection, sensitivitySection,
      sizeSection,
      findingSection, originSection,
    ].compactMap { $0 }
    let title = "\(name): quantization report"
    let html: HTML = """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none';style-src 'unsafe-inline'">
      <title>\(title)</title><style>
      \(Style.sheet)</style></head><body>
      <h1>\(title)</h1>
      \(verdict)
      \(sections)
      <footer>Made by \(facts.metadata("tool") ?? "quamba"). This page loads nothing from elsewhere.</footer>
      </body></html>

      """
    return html.markup
  }
}
