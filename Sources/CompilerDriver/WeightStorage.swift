import Backend
public import Passes
import PlanFormat

/// What the weights of linear layers and the embedding take in a plan, with all that is stored beside them: scales,
/// factors, corrections, padding.
public struct WeightStorage: Sendable {
  /// Bytes by the checkpoint's tensor.
  public let byteCounts: [String: Int]
  /// How many weights there are, those of a table that is the head too counted twice.
  public let weightCount: Int

  /// The storage in the plan by a recipe, foretold from headers.
  /// - Throws: `DiagnosticFailure` where the recipe cannot be carried out.
  public init(of model: LoadedModel, recipe: Recipe) throws {
    let calibration = try CalibrationRun(model, recipe: recipe)
    let plan = try PlanBuilder(model: model, recipe: recipe, license: nil).plan(
      ranges: calibration.placeholders
    ).plan
    let layout = try PlanFile.layout(of: plan, golden: []).layout
    let sources = plan.sources
    var counts: [String: Int] = [:]
    for (source, constant) in zip(sources, plan.draft.constants) {
      guard let source, constant.layout.holdsMatrix else { continue }
      counts[source, default: 0] += Int(constant.d0) * Int(constant.d1)
    }
    var bytes: [String: Int] = [:]
    for (index, source) in sources.enumerated() {
      guard let source, counts[source] != nil else { continue }
      bytes[source, default: 0] += Int(layout.byteCount(of: ConstantID(UInt32(index))))
    }
    byteCounts = bytes
    weightCount = counts.values.reduce(0, +)
  }

  /// Bytes of all.
  public var byteCount: Int { byteCounts.values.reduce(0, +) }
  /// Bits a weight.
  public var meanBits: Double { Double(byteCount) * 8 / Double(max(weightCount, 1)) }
}

extension ConstantLayout {
  /// Whether constants of the layout are weights of linear layers, or tables.
  fileprivate var holdsMatrix: Bool {
    switch self {
    case .rowMajor, .panelsInt8, .panelsFloat, .panelsInt4: true
    case .vector, .taps, .channelBlocks, .groupFactors: false
    }
  }
}
