import Foundation
import PlanFormat
import PlanRuntime

/// A plan whose work is easy to count by hand; its weights are zero.
///
///     embed (int8 rows of 20) → norm (int8) → linear 24 × 20 (int8) → conv of 3 taps
///     head: select → linear 40 × 24 (int8 weights, float32 input)
enum CountedPlan {
  static func bytes() throws -> [UInt8] {
    var builder = Builder()
    builder.appendBody()
    builder.appendHead()
    return try PlanLayout(builder.draft).assemble(constants: builder.constants) { _ in
      [UInt8](repeating: 0, count: 32)
    }
  }

  /// Calls `body` with the path of a file that holds the plan.
  static func withFile<Result>(_ body: (String) throws -> Result) throws -> Result {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).qplan")
      .path
    try Data(bytes()).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
  }
}

private struct Builder {
  var draft = PlanDraft(
    model: ModelRecord(
      vocabulary: 40, width: 20, layers: 1, bodyBytesPerRow: 448, headBytesPerRow: 320, logits: .absent,
      stateBytesPerSlot: 256))
  var constants: [[UInt8]] = []
  private var u = BufferID.absent

  /// A vector of ones; beyond them `padding`.
  private mutating func ones(_ name: String, _ count: Int, padding: Float = 0) -> ConstantID {
    let padded = (count + 15) / 16 * 16
    let values = (0..<padded).map { $0 < count ? 1 : padding }
    constants.append(values.withUnsafeBytes { Array($0) })
    return draft.addConstant(name, type: .f32, layout: .vector, d0: UInt32(count))
  }

  private mutating func zeros(
    _ name: String, _ type: ElementType, _ layout: ConstantLayout, _ d0: UInt32, _ d1: UInt32 = 0
  ) -> ConstantID {
    let constant = Constant(name: StringID(0), type: type, layout: layout, d0: d0, d1: d1)
    constants.append([UInt8](repeating: 0, count: Int(constant.byteCount ?? 0)))
    return draft.addConstant(name, type: type, layout: layout, d0: d0, d1: d1)
  }

  mutating func appendBody() {
    let scale = ones("scale", 1)
    let e = draft.addBuffer("e", type: .f32, width: 20, offset: 0)
    let n = draft.addBuffer("n", type: .i8, width: 20, offset: 128, scale: scale)
    let x = draft.addBuffer("x", type: .f32, width: 24, offset: 192)
    u = draft.addBuffer("u", type: .f32, width: 24, offset: 320)
    let table = zeros("table", .i8, .rowMajor, 40, 20)
    let rowScale = ones("row scale", 40)
    draft.append(
      .embed, name: "embedding",
      [.table: .constant(table), .rowScale: .constant(rowScale), .output: .buffer(e)])
    let (gain, inverse) = (ones("gain", 20), ones("inverse", 1))
    draft.append(
      .norm, name: "layers.0.norm",
      [
        .input: .buffer(e), .gain: .constant(gain), .epsilon: .float(1e-5), .inverse: .constant(inverse),
        .output: .buffer(n),
      ])
    appendLinear("layers.0.mixer.x", .body, from: n, to: x, outputs: 24, inputs: 20, corrected: true)
    let taps = zeros("taps", .f32, .taps, 3, 24)
    draft.append(
      .conv, name: "layers.0.mixer.u",
      [.input: .buffer(x), .weights: .constant(taps), .state: .stateOffset(0), .output: .buffer(u)])
  }

  mutating func appendHead() {
    let h = draft.addBuffer("h", program: .head, type: .f32, width: 24, offset: 0)
    let logits = draft.addBuffer("logits", program: .head, type: .f32, width: 40, offset: 128)
    draft.model.logits = logits
    draft.append(.select, program: .head, name: "selected", [.input: .buffer(u), .output: .buffer(h)])
    appendLinear("logits", .head, from: h, to: logits, outputs: 40, inputs: 24, corrected: false)
  }

  private mutating func appendLinear(
    _ name: String, _ program: Program, from input: BufferID, to output: BufferID, outputs: UInt32,
    inputs: UInt32, corrected: Bool
  ) {
    let weights = zeros("\(name).weights", .i8, .panelsInt8, outputs, inputs)
    let correction = corrected ? zeros("\(name).correction", .i32, .vector, outputs) : .absent
    let multiplier = ones("\(name).multiplier", Int(outputs), padding: 1)
    let bias = zeros("\(name).bias", .f32, .vector, outputs)
    draft.append(
      .linear, program: program, name: name,
      [
        .input: .buffer(input), .weights: .constant(weights), .correction: .constant(correction),
        .multiplier: .constant(multiplier), .bias: .constant(bias), .accumulate: .integer(0),
        .output: .buffer(output),
      ])
  }
}
