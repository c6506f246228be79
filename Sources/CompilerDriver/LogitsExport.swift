public import Diagnostics
import Files
import Frontend
import JSONText
import PlanFormat
public import PlanRuntime
import Safetensors

/// Writes the logits of given token sequences, so that a plan can be held against any other implementation.
public struct LogitsExport {
  private let context: Context
  private let plan: Plan

  /// Prepares an export from a plan.
  /// - Throws: `DiagnosticFailure`.
  public init(_ plan: Plan, threads: Int?) throws(DiagnosticFailure) {
    self.plan = plan
    context = try PlanFile.context(plan, ContextOptions(logitRowCapacity: 64, threads: threads))
  }

  /// Reads token ids as JSON: sequences of one length, `[[id, …], …]`.
  /// - Throws: `DiagnosticFailure` where the file is anything else.
  public static func readTokens(_ path: String) throws(DiagnosticFailure) -> [[UInt32]] {
    let bytes = try InputFile.read(path)
    do {
      var sequences: [[UInt32]] = []
      for row in try JSONCursor(try JSONText.parse(bytes)).array() {
        var ids: [UInt32] = []
        for id in try row.array() {
          guard let token = UInt32(exactly: try id.int()) else {
            throw id.error("a token id is from 0 to 2^32 - 1")
          }
          ids.append(token)
        }
        if ids.isEmpty || ids.count != (sequences.first ?? ids).count {
          throw row.error("sequences must have one length, and at least one token")
        }
        sequences.append(ids)
      }
      if sequences.isEmpty { throw JSONError(message: "there is no sequence", path: "$") }
      return sequences
    } catch let error as JSONError {
      throw DiagnosticFailure(
        error.diagnostic(.badText, file: path, hint: "give token ids as [[1, 2, 3], …]"))
    } catch {
      throw DiagnosticFailure(.badText, "\(error)", at: .file(path))
    }
  }

  /// Writes a safetensors file: `logits` float32 `[sequences, positions, vocabulary]`; with `hidden` also `embedding`,
  /// `layer_N` (the residual stream after layer N) and `final_norm`, float32 `[sequences, positions, width]`.
  /// - Throws: `DiagnosticFailure`.
  public func write(_ sequences: [[UInt32]], to path: String, hidden: Bool) throws {
    let output = try OutputFile(path)
    var tensors: [String: [Float]] = [:]
    for sequence in sequences { try run(sequence, hidden: hidden, into: &tensors) }
    let positions = sequences[0].count
    let entries = tensors.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { name in
      SafetensorsWriter.Entry(
        name: name, element: .f32,
        shape: [sequences.count, positions, (tensors[name]?.count ?? 0) / (sequences.count * positions)])
    }
    do {
      try SafetensorsWriter.write(entries, to: output.descriptor) { entry, append in
        try (tensors[entry.name] ?? []).withUnsafeBytes { try append($0) }
      }
    } catch SafetensorsError.notWritable(let code) {
      throw output.failure("write", code)
    }
    try output.publish()
  }

  private func run(_ sequence: [UInt32], hidden: Bool, into tensors: inout [String: [Float]]) throws {
    do {
      try context.reset(slot: 0)
      for start in stride(from: 0, to: sequence.count, by: context.options.rowCapacity) {
        let chunk = Array(sequence[start..<min(start + context.options.rowCapacity, sequence.count)])
        try runChunk(chunk, hidden: hidden, into: &tensors)
      }
    } catch let error as CallError {
      throw DiagnosticFailure(.badText, "\(error)", hint: "token ids must be below the plan's vocabulary")
    }
  }

  private func runChunk(_ chunk: [UInt32], hidden: Bool, into tensors: inout [String: [Float]]) throws {
    let segments = [Segment(slot: 0, count: chunk.count)]
    if hidden {
      try context.run(tokens: chunk, segments: segments) { collect($0, into: &tensors) }
    } else {
      try context.run(tokens: chunk, segments: segments)
    }
    for start in stride(from: 0, to: chunk.count, by: context.options.logitRowCapacity) {
      let rows = Array(start..<min(start + context.options.logitRowCapacity, chunk.count))
      let logits =
        hidden
        ? try context.logits(rows: rows) { collect($0, into: &tensors) } : try context.logits(rows: rows)
      for row in rows.indices { tensors["logits", default: []] += logits[row] }
    }
  }

  private func collect(_ event: TapEvent, into tensors: inout [String: [Float]]) {
    guard let name = hiddenName(event) else { return }
    var row = [Float](repeating: 0, count: event.width)
    for index in 0..<event.rows {
      row.withUnsafeMutableBufferPointer { event.read(row: index, into: $0) }
      tensors[name, default: []] += row
    }
  }

  /// The name under which a tapped buffer is exported: embedding, residual stream after a layer, or final norm.
  private func hiddenName(_ event: TapEvent) -> String? {
    let instruction = plan.view.instruction(event.instruction)
    switch plan.view.string(instruction.name) {
    case "embedding": return "embedding"
    case "norm_f": return "final_norm"
    case let name:
      let parts = name.split(separator: ".")
      return parts.count == 3 && parts[0] == "layers" && parts[2] == "residual" ? "layer_\(parts[1])" : nil
    }
  }
}
