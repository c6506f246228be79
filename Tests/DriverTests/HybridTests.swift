import Calibration
import CompilerDriver
import Diagnostics
import Foundation
import Generation
import IR
import Passes
import PlanFormat
import PlanRuntime
import Testing

/// A small random Jamba: room for keys and values, experts, and what is refused.
@Suite(.serialized)
struct HybridTests {
  private static let model = Fixtures.model("jamba-f32")

  private func plan(_ recipe: Recipe = .quambaChannel) throws -> Plan {
    try compiledPlan(Self.model, recipe)
  }

  private func context(_ plan: Plan, capacity: Int, slots: Int = 1) throws -> Context {
    try Context(
      plan: plan, options: ContextOptions(stateSlots: slots, contextCapacity: capacity, threads: 2))
  }

  @Test
  func keysAndValuesAreCodes() throws {
    let (plan, float) = (try plan(), try plan(.float32))
    defer { withExtendedLifetime((plan, float)) {} }
    let view = plan.view
    let attention = (0..<view.instructionCount).map(view.instruction).filter { $0.opcode == .attend }
    #expect(attention.count == 1)
    for instruction in attention {
      for field in [Field.k, .v] {
        let buffer = view.buffer(BufferID(instruction[field]))
        #expect(buffer.type == .i8 && view.constant(buffer.scale).d0 == buffer.width)
      }
    }
    #expect(view.model.bytesPerPage == 64 * 2 * (24 + 32))
    #expect(float.view.model.bytesPerPage == 4 * 64 * 2 * (24 + 32))
  }

  @Test
  func tooLongASequenceIsRefusedBeforeAnythingRuns() throws {
    let context = try context(try plan(), capacity: 70, slots: 2)
    try context.prefill((0..<60).map { UInt32($0) })
    let before = try context.copyState(slot: 0)
    #expect(throws: CallError.context(slot: 0, needed: 71, capacity: 70)) {
      try context.run(
        tokens: (0..<12).map { _ in 1 }, segments: [Segment(slot: 1, count: 1), Segment(slot: 0, count: 11)])
    }
    #expect(try context.copyState(slot: 0) == before)
    #expect(try context.copyState(slot: 1).allSatisfy { $0 == 0 })
    try context.run(tokens: (0..<10).map { _ in 1 }, segments: [Segment(slot: 0, count: 10)])
    try context.reset(slot: 0)
    #expect(try context.copyState(slot: 0).allSatisfy { $0 == 0 })
    try context.prefill((0..<70).map { UInt32($0) })
  }

  @Test
  func savedStatesAreChecked() throws {
    let plan = try plan()
    let first = try context(plan, capacity: 200)
    try first.prefill((0..<130).map { UInt32($0) })
    let state = try first.copyState(slot: 0)
    #expect(state.count == first.stateBytes + 8 + 3 * Int(plan.view.model.bytesPerPage))
    let small = try context(plan, capacity: 129)
    #expect(throws: CallError.context(slot: 0, needed: 130, capacity: 129)) {
      try small.restoreState(slot: 0, state)
    }
    for damaged in [Array(state.dropLast()), state + [0], Array(state.prefix(first.stateBytes)), []] {
      #expect(throws: CallError.self) { try first.restoreState(slot: 0, damaged) }
    }
    var huge = state
    for byte in 0..<8 { huge[first.stateBytes + byte] = 0xFF }
    #expect(throws: CallError.self) { try first.restoreState(slot: 0, huge) }
    #expect(try first.copyState(slot: 0) == state)
    let second = try context(plan, capacity: 130)
    try second.restoreState(slot: 0, state)
    #expect(try second.copyState(slot: 0) == state)
  }

  @Test
  func generationSaysHowMuchRoomItNeeds() throws {
    let plan = try plan()
    let generator = try TextGenerator(plan: plan, options: ContextOptions(contextCapacity: 20, threads: 1))
    let request = GenerationRequest(prompt: [1, 2, 3], tokenLimit: 19, ignoresEnd: true)
    #expect(request.longestSequence == 21)
    do throws(GenerationError) {
      _ = try generator.generate(request) { _, _ in true }
      Issue.record("there is no room")
    } catch {
      guard case .length(needed: 21, capacity: 20) = error else { throw error }
    }
    let fitting = GenerationRequest(prompt: [1, 2, 3], tokenLimit: 18, ignoresEnd: true)
    #expect(try generator.generate(fitting) { _, _ in true }.generatedTokens == 18)
  }

  /// Only rows that were routed to an expert are computed, and taps say which these are.
  @Test
  func expertsSeeTheirRows() throws {
    let plan = try plan(.float32)
    let context = try context(plan, capacity: 64)
    var (routes, rows): ([String: [[Float]]], [String: [Int]]) = ([:], [:])
    try context.run(
      tokens: (0..<40).map { UInt32($0 * 7) }, segments: [Segment(slot: 0, count: 40)]
    ) { event in
      if event.name.hasSuffix(".routes") {
        routes[event.name] = (0..<event.rows).map { Array(event.floats(row: $0)) }
      }
      if let expert = ExpertTensor(event.name), expert.tensor == ExpertTensor.input {
        rows[event.name] = (0..<event.rows).map { event.callRow($0) }
      }
    }
    #expect(routes.count == 2 && rows.count == 8)
    for (name, found) in rows {
      let expert = try #require(ExpertTensor(name))
      let weights = try #require(routes[expert.group.replacing(".experts", with: ".routes")])
      #expect(found == weights.indices.filter { weights[$0][expert.number] > 0 })
    }
    #expect(routes.values.joined().allSatisfy { $0.count { $0 > 0 } == 2 })
  }

  /// An expert that saw nothing gets the ranges of the others, and is named.
  @Test
  func expertsThatSawNothing() throws {
    try withTemporaryDirectory { place in
      let text = place + "/ids.jsonl"
      try Data("{\"ids\": [5, 9]}\n".utf8).write(to: URL(fileURLWithPath: text))
      var options = Compiler.Options(
        model: Self.model, output: place + "/plan", recipe: .quambaChannel, threads: 2)
      options.text = text
      options.size = CalibrationText.Size(samples: 1, length: 2)
      let report = try Compiler.compile(options, progress: { _, _ in })
      let statistics = try #require(report.statistics)
      let coverage = statistics.expertCoverage
      #expect(
        coverage.map(\.expert)
          == [1, 3].flatMap { layer in
            (0..<4).map { "layers.\(layer).mlp.experts.\($0)" }
          })
      #expect(coverage.reduce(0) { $0 + $1.tokens } == 2 * 2 * 2)
      let warned = report.findings.filter { $0.code == .expertCoverage }
      #expect(warned.count == 8)
      let unreached = coverage.filter { $0.tokens == 0 }.map(\.expert)
      #expect(!unreached.isEmpty)
      #expect(warned.count { $0.message.contains("sent no token") } == unreached.count)
      #expect(!report.findings.contains { $0.code == .zeroRange })
      let plan = try Plan(path: place + "/plan")
      defer { withExtendedLifetime(plan) {} }
      let view = plan.view
      for expert in unreached {
        let buffer = try #require(
          (0..<view.bufferCount).map { view.buffer(BufferID(UInt32($0))) }
            .first { view.string($0.name) == "\(expert).h_rotated" })
        let scale = view.memory.loadUnaligned(
          fromByteOffset: view.constantRange(buffer.scale).lowerBound, as: Float.self)
        #expect(scale != 1 && scale > 0)
      }
    }
  }

  @Test(arguments: [
    ("\"hidden_act\": \"silu\"", "\"hidden_act\": \"gelu\"", "'gelu' is not supported"),
    ("\"num_key_value_heads\": 2", "\"num_key_value_heads\": 3", "cannot share the keys"),
    ("\"num_experts_per_tok\": 2", "\"num_experts_per_tok\": 5", "5 of 4 experts"),
    ("\"attn_layer_offset\": 2", "\"attn_layer_offset\": 4", "is not below attn_layer_period"),
    ("\"expert_layer_offset\": 1", "\"expert_layer_offset\": 0", "the model needs this tensor"),
    ("\"num_attention_heads\": 4", "\"num_attention_heads\": 7", "does not divide hidden_size"),
    ("\"mamba_proj_bias\": false", "\"mamba_proj_bias\": true", "in_proj.bias"),
    ("\"use_cache\": true", "\"sliding_window\": 64", "attention over the last 64 tokens"),
  ])
  func whatDoesNotFitIsRefused(_ part: String, _ other: String, _ message: String) throws {
    try withTemporaryDirectory { place in
      let files = FileManager.default
      try files.copyItem(atPath: Self.model + "/model.safetensors", toPath: place + "/model.safetensors")
      let config = try String(contentsOfFile: Self.model + "/config.json", encoding: .utf8)
      #expect(config.contains(part))
      try Data(config.replacing(part, with: other).utf8).write(
        to: URL(fileURLWithPath: place + "/config.json"))
      do {
        _ = try PlanOrModel(place, threads: 1)
        Issue.record("\(other) is taken")
      } catch let failure as DiagnosticFailure {
        #expect(failure.diagnostics.contains { "\($0)".contains(message) }, "\(failure)")
      }
    }
  }

  /// Rounding that knows its inputs works where an expert saw few of them, or none.
  @Test
  func gptqOfExperts() throws {
    var recipe = Recipe.quambaChannel
    recipe.name = "gptq"
    recipe.weights.rounding = .gptq
    recipe.correctsBias = true
    let context = try context(try plan(recipe), capacity: 64)
    try context.prefill([1, 2, 3, 4])
    #expect(try context.logits(rows: [3])[0].allSatisfy(\.isFinite))
  }
}
