import Calibration
import CompilerDriver
import Diagnostics
import Foundation
import Passes
import PlanFormat
import PlanRuntime
import Testing

/// Bias correction and GPTQ: what a run of the int8 plan sees, and what becomes of it.
@Suite(.serialized)
struct SecondCalibrationTests {
  private static let model = Fixtures.model("mamba-f32")

  private static func recipe(gptq: Bool, bias: Bool, from base: Recipe = .quambaChannel) -> Recipe {
    var recipe = base
    recipe.weights.rounding = gptq ? .gptq : .nearest
    recipe.correctsBias = bias
    return recipe
  }

  /// The bytes of a plan, and what the compile said.
  private func compile(
    _ recipe: Recipe, threads: Int = 2, change: (inout Compiler.Options) -> Void = { _ in }
  ) throws -> (bytes: Data, steps: [Int], report: CompileReport) {
    try withTemporaryDirectory { place in
      var options = Compiler.Options(
        model: Self.model, output: place + "/plan", recipe: recipe, threads: threads)
      options.size = CalibrationText.Size(samples: 4, length: 64)
      change(&options)
      var steps: [Int] = []
      let report = try Compiler.compile(
        options, progress: { _, _ in }, secondProgress: { done, total in steps += [done, total] })
      return (try Data(contentsOf: URL(fileURLWithPath: place + "/plan")), steps, report)
    }
  }

  private struct NamedBytes: Equatable {
    let name: String
    let bytes: Data
  }

  private func constants(_ file: Data) throws -> [NamedBytes] {
    let plan = try Plan(bytes: Array(file))
    return withExtendedLifetime(plan) {
      (0..<plan.view.constantCount).map { index in
        let id = ConstantID(UInt32(index))
        return NamedBytes(
          name: plan.view.string(plan.view.constant(id).name),
          bytes: Data(file[plan.view.constantRange(id)]))
      }
    }
  }

  @Test("codes, biases and nothing else differ from the plan with the nearest codes", arguments: [0, 1, 2])
  func whatDiffers(_ which: Int) throws {
    let (gptq, bias) = ([true, false, true][which], [false, true, true][which])
    for base in [Recipe.quamba, .quambaChannel] {
      let plain = try constants(try compile(base).bytes)
      let refined = try constants(try compile(Self.recipe(gptq: gptq, bias: bias, from: base)).bytes)
      #expect(plain.count == refined.count)
      let changed = zip(plain, refined).filter { $0 != $1 }.map(\.0.name)
      #expect(zip(plain, refined).allSatisfy { $0.name == $1.name })
      let codes = ["x.f32.weight.codes", "z.f32.weight.codes", "out.weight.codes"]
      let corrections = ["x.correction", "z.correction", "out.correction"]
      let biases = ["x", "z", "dt_low", "b", "c", "dt", "out"].map { "\($0).bias" }
      let expected = (gptq ? codes + corrections : []) + (bias ? biases : [])
      let short = Set(
        changed.map { $0.split(separator: ".").drop { $0 != "mixer" }.dropFirst().joined(separator: ".") })
      #expect(short == Set(expected), "\(base.name): \(short.sorted())")
    }
  }

  @Test("the same bytes for any number of threads, and however the Gram matrices are grouped")
  func sameBytes() throws {
    let recipe = Self.recipe(gptq: true, bias: true)
    let first = try compile(recipe)
    #expect(first.steps == [0, 4, 1, 4, 2, 4, 3, 4, 4, 4])
    #expect(first.report.times.map(\.name).contains("second calibration"))
    #expect(try compile(recipe, threads: 1).bytes == first.bytes)
    let grouped = try compile(recipe) { $0.gramBytes = 1 }
    #expect(grouped.steps.last == 24, "a run for each of two inputs of each of three layers")
    #expect(grouped.bytes == first.bytes)
  }

  @Test("stored statistics serve as well, on their own text alone")
  func storedStatistics() throws {
    try withTemporaryDirectory { place in
      let (path, recipe) = (place + "/s.qstats", Self.recipe(gptq: true, bias: true))
      let statistics = try CalibrationRun(try LoadedModel(directory: Self.model, checksValues: false)).run(
        text: nil, size: CalibrationText.Size(samples: 4, length: 64), threads: 2, progress: { _, _ in })
      try statistics.text.write(toFile: path, atomically: true, encoding: .utf8)
      let stored = try compile(recipe) { $0.statistics = path }.bytes
      let direct = try compile(recipe).bytes
      #expect(stored == direct)
      try "another text".write(toFile: place + "/t.txt", atomically: true, encoding: .utf8)
      #expect(throws: DiagnosticFailure.self) {
        try compile(recipe) {
          $0.statistics = path
          $0.text = place + "/t.txt"
        }
      }
    }
  }

  @Test("sums of codes are those of the codes that taps show, for any split of the passages")
  func sums() throws {
    let plan = try compiledPlan(Self.model, .quamba)
    let passages = (0..<3).map { number in
      Passage(index: number, tokens: (0..<(40 + 30 * number)).map { UInt32(($0 * 37 + number * 11) % 379) })
    }
    let name = try #require(Self.codeNames(plan).first { $0.hasSuffix("y_rotated") })
    let whole = try CodeCalibrator.run(
      plan: plan, passages: passages, tensors: [name], grams: [name], threads: 2)
    let expected = try Self.expected(plan, passages, name)
    let found = try #require(whole[name])
    #expect(found.count == 210 && found.sums == expected.sums)
    let width = found.sums.count
    for i in 0..<width {
      #expect(
        found.gram[(i * width + i)..<((i + 1) * width)] == expected.gram[(i * width + i)..<((i + 1) * width)])
    }
    let parts = try passages.reversed().map {
      try #require(try CodeCalibrator.run(plan: plan, passages: [$0], tensors: [name], threads: 1)[name])
    }
    #expect(parts.allSatisfy { $0.gram.isEmpty })
    #expect((0..<width).allSatisfy { i in parts.reduce(0) { $0 + $1.sums[i] } == found.sums[i] })
    #expect(throws: CalibrationError.self) {
      try CodeCalibrator.run(plan: plan, passages: passages, tensors: ["nothing"])
    }
  }

  private static func codeNames(_ plan: Plan) -> [String] {
    (0..<plan.view.bufferCount).map { plan.view.buffer(BufferID(UInt32($0))) }.filter { $0.type == .i8 }
      .map { plan.view.string($0.name) }
  }

  /// Sums and products of every row's codes, one after the other.
  private static func expected(
    _ plan: Plan, _ passages: [Passage], _ name: String
  ) throws -> (sums: [Int64], gram: [Int64]) {
    var (sums, gram): ([Int64], [Int64]) = ([], [])
    let context = try Context(plan: plan, options: ContextOptions(rowCapacity: 128, threads: 1))
    for passage in passages {
      try context.reset(slot: 0)
      try context.run(tokens: passage.tokens, segments: [Segment(slot: 0, count: passage.tokens.count)]) {
        event in
        guard event.name == name else { return }
        if sums.isEmpty {
          sums = Array(repeating: 0, count: event.width)
          gram = Array(repeating: 0, count: event.width * event.width)
        }
        for row in 0..<event.rows {
          let codes = event.codes(row: row).map(Int64.init)
          for i in codes.indices {
            sums[i] += codes[i]
            for j in codes.indices { gram[i * codes.count + j] += codes[i] * codes[j] }
          }
        }
      }
    }
    return (sums, gram)
  }
}
