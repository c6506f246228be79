import Digests
import Foundation
import PlanFormat
import PlanRuntime

/// A plan that no compiler wrote: embedding, convolution and head in float32, all digests right.
struct SmallPlan {
  static let width: UInt32 = 16

  var vocabulary: UInt32 = 20
  /// The name of the instruction that computes the logits.
  var headName = "head"
  var tokenizer: [UInt8] = []
  var golden = Golden()
  var recipe: String?

  /// The file's bytes.
  func bytes() throws -> [UInt8] {
    let logitsBytes = (vocabulary + 15) / 16 * 64
    var draft = PlanDraft(
      model: ModelRecord(
        vocabulary: vocabulary, width: Self.width, layers: 1, bodyBytesPerRow: 128,
        headBytesPerRow: 64 + logitsBytes, logits: .absent, stateBytesPerSlot: 128))
    let e = draft.addBuffer("e", type: .f32, width: Self.width, offset: 0)
    let u = draft.addBuffer("u", type: .f32, width: Self.width, offset: 64)
    let h = draft.addBuffer("h", program: .head, type: .f32, width: Self.width, offset: 0)
    let logits = draft.addBuffer("logits", program: .head, type: .f32, width: vocabulary, offset: 64)
    draft.model.logits = logits
    let table = draft.addConstant("table", type: .f32, layout: .rowMajor, d0: vocabulary, d1: Self.width)
    let taps = draft.addConstant("taps", type: .f32, layout: .taps, d0: 3, d1: Self.width)
    let head = draft.addConstant("head", type: .f32, layout: .panelsFloat, d0: vocabulary, d1: Self.width)
    draft.append(.embed, name: "embedding", [.table: .constant(table), .output: .buffer(e)])
    draft.append(
      .conv, name: "conv",
      [.input: .buffer(e), .weights: .constant(taps), .state: .stateOffset(0), .output: .buffer(u)])
    draft.append(.select, program: .head, name: "select", [.input: .buffer(u), .output: .buffer(h)])
    draft.append(
      .linear, program: .head, name: headName,
      [.input: .buffer(h), .weights: .constant(head), .accumulate: .integer(0), .output: .buffer(logits)])
    draft.tokenizer = tokenizer
    draft.golden = golden
    if let recipe { draft.addMetadata("recipe", recipe) }
    let constants = draft.constants.map { constant -> [UInt8] in
      let values = (0..<Int(constant.byteCount ?? 0) / 4).map { Float($0 * 37 % 101) / 50 - 1 }
      return values.withUnsafeBytes { Array($0) }
    }
    return try PlanLayout(draft).assemble(constants: constants) { Digests.sha256($0).bytes }
  }

  /// Writes the plan into a directory and gives its path.
  func write(_ directory: String, _ name: String = "plan") throws -> String {
    let path = directory + "/" + name
    try Data(try bytes()).write(to: URL(fileURLWithPath: path))
    return path
  }

  /// The logits after some tokens.
  func logits(after tokens: [UInt32]) throws -> [Float] {
    let context = try Context(plan: try Plan(bytes: bytes()), options: ContextOptions(threads: 1))
    try context.run(tokens: tokens, segments: [Segment(slot: 0, count: tokens.count)])
    return Array(try context.logits(rows: [tokens.count - 1])[0])
  }
}
