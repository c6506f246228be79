public import Diagnostics
public import JSONText
import PlanFormat
import PlanRuntime

/// What a plan file holds.
public struct PlanInspection {
  private let plan: Plan
  private let view: PlanView
  private let path: String

  /// Maps and verifies a plan file.
  /// - Throws: `DiagnosticFailure`.
  public init(path: String) throws(DiagnosticFailure) {
    plan = try PlanFile.load(path)
    view = plan.view
    self.path = path
  }

  /// Prints every instruction, buffer and constant, line after line.
  public func printListing(_ print: (String) -> Void) { disassemble(view, print) }

  /// The inspection as JSON (`Schemas/inspect-plan.schema.json`): with every scale and multiplier, so that anyone can
  /// compute what the plan computes.
  public var json: JSONValue {
    let model = view.model
    return .object([
      ("kind", "plan"), ("version", .string("\(view.version)")),
      ("bytes", .integer(Int64(plan.byteCount))), ("vocabulary", .integer(Int64(model.vocabulary))),
      ("width", .integer(Int64(model.width))), ("layers", .integer(Int64(model.layers))),
      ("state_bytes", .integer(Int64(model.stateBytesPerSlot))),
      ("arena_bytes_per_row", .integer(Int64(model.bodyBytesPerRow))),
      ("head_arena_bytes_per_row", .integer(Int64(model.headBytesPerRow))),
      ("recipe", recipe), ("metadata", .object(metadata.map { ($0.key, .string($0.value)) })),
      ("sections", .array(SectionKind.allCases.map(section))),
      ("tensors", .array(buffers.filter { !$0.scale.isAbsent }.map(tensor))),
      ("states", .array(states)), ("linears", .array(linears)),
    ])
  }

  /// The inspection for people.
  public var text: String {
    let model = view.model
    let counts =
      "\(view.instructionCount) instructions, \(view.bufferCount) buffers, \(view.constantCount) constants"
    let arena = ByteCount.text(Int(model.bodyBytesPerRow))
    let tokenizer = plan.tokenizerSection.isEmpty ? "none" : ByteCount.text(plan.tokenizerSection.count)
    let entries =
      [
        ("plan", "\(path), \(ByteCount.text(plan.byteCount)), format \(view.version)"),
        ("model", "\(model.layers) layers, width \(model.width), vocabulary \(model.vocabulary)"),
        ("program", counts),
        (
          "memory",
          "\(ByteCount.text(Int(model.stateBytesPerSlot))) of state a sequence, \(arena) of arena a row"
        ),
        ("tokenizer", tokenizer),
      ] + metadata
    let width = entries.map(\.0.count).max() ?? 0
    return entries.map { $0 + String(repeating: " ", count: width + 2 - $0.count) + $1 }.joined(
      separator: "\n")
  }

  private var metadata: [(key: String, value: String)] {
    (0..<view.metadataCount).map { view.metadata(at: $0) }
  }

  private var recipe: JSONValue {
    guard let text = view.metadata("recipe"), let value = try? JSONText.parse(text) else { return .null }
    return value
  }

  private var buffers: [Buffer] { (0..<view.bufferCount).map { view.buffer(BufferID(UInt32($0))) } }

  private func section(_ kind: SectionKind) -> JSONValue {
    let range = view.range(of: kind)
    let hexadecimal = view.digest(of: kind).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    return .object([
      ("name", .string("\(kind)")), ("offset", .integer(Int64(range.lowerBound))),
      ("length", .integer(Int64(range.count))), ("sha256", .string(hexadecimal)),
    ])
  }

  private func tensor(_ buffer: Buffer) -> JSONValue {
    .object([
      ("name", .string(view.string(buffer.name))), ("type", .string("\(buffer.type)")),
      ("width", .integer(Int64(buffer.width))), ("scales", floats(buffer.scale)),
    ])
  }

  /// The states that are narrower than float32.
  private var states: [JSONValue] {
    (0..<view.instructionCount).map(view.instruction).compactMap { instruction in
      guard [.scan, .headScan].contains(instruction.opcode), instruction.stateType != .f32 else { return nil }
      return .object([
        ("name", .string(view.string(instruction.name))), ("type", .string("\(instruction.stateType)")),
        ("scales", instruction.constant(.stateScale).map(floats) ?? .array([])),
      ])
    }
  }

  private var linears: [JSONValue] {
    (0..<view.instructionCount).compactMap { index in
      let instruction = view.instruction(index)
      guard instruction.opcode == .linear, let multiplier = instruction.constant(.multiplier) else {
        return nil
      }
      return .object([
        ("name", .string(constantName(instruction, .weights))),
        ("input", .string(bufferName(instruction, .input))),
        ("output", .string(bufferName(instruction, .output))),
        ("instruction", .string(view.string(instruction.name))), ("multipliers", floats(multiplier)),
      ])
    }
  }

  private func bufferName(_ instruction: Instruction, _ field: Field) -> String {
    instruction.buffer(field).map { view.string(view.buffer($0).name) } ?? ""
  }

  private func constantName(_ instruction: Instruction, _ field: Field) -> String {
    instruction.constant(field).map { view.string(view.constant($0).name) } ?? ""
  }

  /// The elements of a float32 vector, without padding.
  private func floats(_ id: ConstantID) -> JSONValue {
    let bytes = view.memory[view.constantRange(id)]
    return .array(
      (0..<Int(view.constant(id).d0)).map { index in
        .number(
          Double(
            UnsafeRawBufferPointer(rebasing: bytes).loadUnaligned(fromByteOffset: index * 4, as: Float.self)))
      })
  }
}
