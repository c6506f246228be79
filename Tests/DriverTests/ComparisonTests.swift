import CompilerDriver
import Diagnostics
import Evaluation
import Foundation
import JSONText
import Passes
import PlanRuntime
import Testing

/// Plans held against their float models, tensor by tensor.
@Suite(.serialized)
struct ComparisonTests {
  private static let windows = 2
  private static let length = 70
  private static let tokens = (0...windows * length).map { UInt32($0 * 7919 % 384) }

  private func compare(_ plan: Plan, with reference: Plan) throws -> PlanComparison {
    try PlanComparer.compare(
      plan, with: reference, on: try TextWindows(tokens: Self.tokens, length: Self.length), threads: 2)
  }

  /// All rows of every tensor that a plan writes, by the name of its buffer, one token a call.
  private func rows(_ plan: Plan) throws -> [String: [[Float]]] {
    let context = try Context(plan: plan, options: ContextOptions(threads: 1))
    var rows: [String: [[Float]]] = [:]
    for (place, token) in Self.tokens.dropLast().enumerated() {
      if place % Self.length == 0 { try context.reset(slot: 0) }
      func keep(_ event: TapEvent) {
        var row = [Float](repeating: 0, count: event.width)
        row.withUnsafeMutableBufferPointer { event.read(row: 0, into: $0) }
        rows[event.name, default: []].append(row)
      }
      try context.run(tokens: [token], segments: [Segment(slot: 0, count: 1)], tap: keep)
      _ = try context.logits(rows: [0], tap: keep)
    }
    return rows
  }

  /// Ratio in decibels, cosine and largest error, by plain loops.
  private func error(_ found: [[Float]], _ exact: [[Float]]) -> (Double, Double, Double) {
    let pairs = zip(found.flatMap { $0 }, exact.flatMap { $0 }).map { (Double($0), Double($1)) }
    func sum(_ value: ((Double, Double)) -> Double) -> Double { pairs.reduce(0) { $0 + value($1) } }
    let noise = sum { ($0.0 - $0.1) * ($0.0 - $0.1) }
    let (a, b) = (sum { $0.0 * $0.0 }, sum { $0.1 * $0.1 })
    return (
      10 * log10(b / noise), sum { $0.0 * $0.1 } / sqrt(a * b), pairs.map { abs($0.0 - $0.1) }.max() ?? 0
    )
  }

  private func expect(
    _ found: TapError, _ expected: (Double, Double, Double), _ name: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(abs(found.signalToNoise - expected.0) < 1e-8, "\(name)", sourceLocation: sourceLocation)
    #expect(abs(found.cosine - expected.1) < 1e-12, "\(name)", sourceLocation: sourceLocation)
    #expect(found.largest == expected.2, "\(name)", sourceLocation: sourceLocation)
  }

  @Test(
    "tensors that have a buffer of their own differ as plain loops say",
    arguments: [Recipe.naive, .smooth, .quamba, .quambaSmooth])
  func accumulatedErrors(_ recipe: Recipe) throws {
    let plan = try compiledPlan(Fixtures.model("mamba-f32"), recipe)
    let reference = try ComparisonReference(Fixtures.model("mamba-f32"), for: plan, threads: 2).plan
    let comparison = try compare(plan, with: reference)
    #expect(comparison.tokens == 140 && comparison.windows == 2 && comparison.unmatched.isEmpty)
    let (mine, exact) = (try rows(plan), try rows(reference))
    let rotated = recipe.rotation.kind == .none ? "y" : "y_rotated"
    for name in ["norm", "mixer.x", "mixer.u", "mixer.dt_low", "mixer.dt", "mixer.\(rotated)"].map({
      "layers.1.\($0)"
    }) + [
      "norm_f"
    ] {
      let tap = try #require(comparison.taps.first { $0.name == name }, "\(name)")
      expect(tap.accumulated, error(try #require(mine[name]), try #require(exact[name])), name)
      #expect((tap.saturation != nil) == (tap.type == "i8"))
    }
    let logits = try #require(comparison.taps.last)
    #expect(logits.type == "f32" && logits.accumulated.signalToNoise < logits.alone.signalToNoise)
  }

  @Test("an instruction alone is fed with what the float model has")
  func errorsAlone() throws {
    let plan = try compiledPlan(Fixtures.model("mamba-f32"), .quamba)
    let reference = try ComparisonReference(Fixtures.model("mamba-f32"), for: plan, threads: 2).plan
    let comparison = try compare(plan, with: reference)
    let exact = try rows(reference)
    let inspected = try scales(of: plan)
    // What norms and rotations alone lose is their own rounding, for what they read is float32.
    for name in ["layers.0.norm", "layers.2.norm", "layers.2.mixer.y_rotated"] {
      let values = try #require(exact[name])
      let scale = try #require(inspected[name])
      let inverse = Float(1 / Double(scale))
      let rounded = values.map { row in
        row.map { max(-128, min(127, $0 * inverse)).rounded(.toNearestOrEven) * scale }
      }
      let tap = try #require(comparison.taps.first { $0.name == name })
      expect(tap.alone, error(rounded, values), name)
    }
    // The first residual stream is the embedding; nothing is lost before it.
    for tap in comparison.taps where tap.name == "embedding" { #expect(tap.alone == tap.accumulated) }
  }

  /// The scale of every tensor of codes, as its first event shows it.
  private func scales(of plan: Plan) throws -> [String: Float] {
    let context = try Context(plan: plan, options: ContextOptions(threads: 1))
    var scales: [String: Float] = [:]
    try context.run(tokens: [1], segments: [Segment(slot: 0, count: 1)]) { event in
      if event.scale.count == 1 { scales[event.name] = event.scale[0] }
    }
    return scales
  }

  @Test("a float plan is exact, however it is run", arguments: Fixtures.models)
  func floatPlansAreExact(_ name: String) throws {
    let model = Fixtures.model(name)
    let plan = try PlanOrModel(model, threads: 2).plan
    let tokens = Self.tokens.map { $0 % UInt32(plan.vocabulary) }
    let comparison = try PlanComparer.compare(
      plan, with: plan, on: try TextWindows(tokens: tokens, length: Self.length), threads: 2)
    #expect(!comparison.taps.isEmpty && comparison.unmatched.isEmpty)
    for tap in comparison.taps {
      #expect(tap.accumulated.signalToNoise == .infinity && tap.alone.signalToNoise == .infinity)
      #expect(tap.accumulated.largest == 0 && tap.alone.largest == 0 && tap.hint == nil)
      #expect(abs(tap.alone.cosine - 1) < 1e-12, "\(tap.name)")
    }
  }

  @Test
  func modelsThatAreNotThePlans() throws {
    let plan = try compiledPlan(Fixtures.model("mamba-f32"), .quamba)
    #expect(throws: DiagnosticFailure.self) {
      _ = try ComparisonReference(Fixtures.model("mamba-f16-untied"), for: plan, threads: 1)
    }
    let other = try PlanOrModel(Fixtures.model("mamba-f16-untied"), threads: 1).plan
    #expect(throws: EvaluationError.self) { _ = try compare(plan, with: other) }
  }
}
