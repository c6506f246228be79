import PlanFormat
import Testing

/// Plans that are right but for what they would cost.
@Suite
struct BudgetTests {
  private var plan = SmallPlan()

  /// What the verifier says of a quantity, with what it found and its limit; nil for anything else.
  private func excess(_ quantity: LimitedQuantity) -> (found: UInt64, limit: UInt64)? {
    guard case .limit(quantity, let found, let limit) = plan.verify() else { return nil }
    return (found, limit)
  }

  @Test
  mutating func valuesOfTheMetadataMayBeOneStringOnlyWhileTheyAreShort() throws {
    let long = String(repeating: "v", count: 10_000)
    plan.draft.addMetadata("key 0", long)
    #expect(plan.verify() == nil)
    for index in 1..<9 { plan.draft.addMetadata("key \(index)", long) }
    let costs = try #require(excess(.metadata))
    #expect(costs.found > costs.limit && (10_000..<11_000).contains(costs.limit))
  }

  @Test
  mutating func scalesMayBeOneConstantOnlyWhileTheyAreFew() throws {
    let scale = plan.draft.addConstant("scales", type: .f32, layout: .vector, d0: 512)
    func addBuffer(_ index: Int, to draft: inout PlanDraft) {
      _ = draft.addBuffer("unused \(index)", type: .i8, width: 512, offset: 0, scale: scale)
    }
    addBuffer(0, to: &plan.draft)
    #expect(plan.verify() == nil)
    for index in 1..<100 { addBuffer(index, to: &plan.draft) }
    let costs = try #require(excess(.scaleElements))
    let weights = try PlanLayout(plan.draft).weightsLength
    #expect(costs.limit == weights / 4 && costs.found > costs.limit)
  }

  @Test
  mutating func goldenPromptsAreShort() {
    plan.draft.golden.input = Array(repeating: 1, count: 4096)
    #expect(plan.verify() == nil)
    plan.draft.golden.input.append(1)
    #expect(plan.verify() == .limit(.goldenTokens, found: 4097, limit: 4096))
  }

  /// Summing a megabyte for each of these products would take minutes.
  @Test
  func weightsThatProductsShareAreSummedOnce() throws {
    let (draft, weights) = Self.manyProducts(30_000)
    let layout = try PlanLayout(draft)
    let one: [UInt8] = [0, 0, 0x80, 0x3F]
    var constants = draft.constants.map { [UInt8](repeating: 0, count: Int($0.byteCount ?? 0)) }
    constants[1].replaceSubrange(..<4, with: one)
    constants[2] = Array(repeatElement(one, count: 16).joined())
    var bytes = layout.assemble(constants: constants) { _ in Array(repeating: 0, count: 32) }
    func problem() throws -> PlanError? {
      try bytes.withUnsafeBytes { memory in
        let view = try PlanView(verifying: memory)
        do throws(PlanError) { try view.verifyCorrections() } catch { return error }
        return nil
      }
    }
    #expect(try problem() == nil)
    bytes[Int(layout.fileOffset(of: weights)) + 5] = 1
    #expect(try problem() == .instruction(2, .correction(output: 1)))
  }

  /// A plan whose products all have the same weights, and those.
  private static func manyProducts(_ count: Int) -> (PlanDraft, ConstantID) {
    let width: UInt32 = 1 << 16
    var draft = PlanDraft(
      model: ModelRecord(
        vocabulary: 1, width: width, layers: 1, bodyBytesPerRow: 5 * width + 64, headBytesPerRow: 128,
        logits: BufferID(4), stateBytesPerSlot: 0))
    let table = draft.addConstant("table", type: .bf16, layout: .rowMajor, d0: 1, d1: width)
    let scale = draft.addConstant("scale", type: .f32, layout: .vector, d0: 1)
    let multiplier = draft.addConstant("multiplier", type: .f32, layout: .vector, d0: 2)
    let bias = draft.addConstant("bias", type: .f32, layout: .vector, d0: 2)
    let correction = draft.addConstant("correction", type: .i32, layout: .vector, d0: 2)
    let weights = draft.addConstant("weights", type: .i8, layout: .panelsInt8, d0: 2, d1: width)
    let head = draft.addConstant("head", type: .f32, layout: .panelsFloat, d0: 1, d1: 2)
    let wide = draft.addBuffer("wide", type: .f32, width: width, offset: 0)
    let codes = draft.addBuffer("codes", type: .i8, width: width, offset: 4 * width, scale: scale)
    let sums = draft.addBuffer("sums", type: .f32, width: 2, offset: 5 * width)
    let chosen = draft.addBuffer("chosen", program: .head, type: .f32, width: 2, offset: 0)
    let logits = draft.addBuffer("logits", program: .head, type: .f32, width: 1, offset: 64)
    draft.append(.embed, name: "embed", [.table: .constant(table), .output: .buffer(wide)])
    draft.append(
      .quantize, name: "codes", [.input: .buffer(wide), .inverse: .constant(scale), .output: .buffer(codes)])
    let product = Instruction(
      .linear, program: .body, name: draft.string("product"),
      [
        .input: .buffer(codes), .weights: .constant(weights), .correction: .constant(correction),
        .multiplier: .constant(multiplier), .bias: .constant(bias), .output: .buffer(sums),
      ])
    draft.instructions += Array(repeating: product, count: count)
    draft.append(
      .select, program: .head, name: "select", [.input: .buffer(sums), .output: .buffer(chosen)])
    draft.append(
      .linear, program: .head, name: "head",
      [.input: .buffer(chosen), .weights: .constant(head), .output: .buffer(logits)])
    return (draft, weights)
  }

  @Test
  mutating func weightsOfFourBitsHaveOneConstantOfFactors() throws {
    let products = plan.draft.instructions.indices.filter { index in
      plan.draft.instructions[index].opcode == .linear && plan.draft.instructions[index].program == .body
    }
    let weights = try #require(plan.draft.instructions[products[0]].constant(.weights))
    plan.draft.constants[Int(weights.rawValue)].type = .i4
    plan.draft.constants[Int(weights.rawValue)].layout = .panelsInt4
    for index in products {
      let factors = plan.draft.addConstant(
        "factors \(index)", type: .i8, layout: .groupFactors, d0: SmallPlan.width, d1: 1)
      let old = plan.draft.instructions[index]
      var words = old.words
      words[old.opcode.spec.index(of: .weights) ?? 13] = weights.rawValue
      words[old.opcode.spec.index(of: .factors) ?? 13] = factors.rawValue
      plan.draft.instructions[index] = Instruction(
        opcode: .linear, program: .body, name: old.name, words: words)
    }
    try plan.bytes().withUnsafeBytes { memory in
      let view = try PlanView(verifying: memory)
      #expect(throws: PlanError.instruction(products[1], .otherFactors)) { try view.verifyCorrections() }
    }
  }
}
