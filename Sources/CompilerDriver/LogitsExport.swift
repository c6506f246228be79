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
  private let basis: ResidualBasis?

  /// Prepares an export from a plan.
  /// - Parameter longest: tokens of a sequence at most, where the plan has attention.
  /// - Throws: `DiagnosticFailure`.
  public init(
    _ plan: Plan, threads: Int?, longest: Int = ContextOptions.usualContextCapacity
  ) throws(DiagnosticFailure) {
    self.plan = plan
    basis = ResidualBasis(plan)
    context = try PlanFile.context(
      plan, ContextOptions(logitRowCapacity: 64, contextCapacity: longest, threads: threads))
  }

  /// Reads token ids as JSON: sequences of one length, `[[id, …], …]`.
  /// - Throws: `DiagnosticFailure` where the file is anything else.
  public static func readTokens(_ path: String) throws(DiagnosticFailure) -> [[UInt32]] {
    let bytes = try InputFile.read(path, tooLarge: .badText)
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
  /// `layer_N` (the residual stream after layer N) and `final_norm`, float32 `[sequences, positions, width]`, all of
  /// them turned back where the plan's residual stream is rotated.
  ///
  /// Every row goes to its place in the file when it is computed, so memory does not grow with the sequences.
  /// - Parameter shouldStop: asked before each sequence, and before the file appears.
  /// - Throws: `DiagnosticFailure`.
  public func write(
    _ sequences: [[UInt32]], to path: String, hidden: Bool,
    shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws {
    let output = try OutputFile(path, shouldStop: shouldStop)
    let names = hidden ? try hiddenNames() : [:]
    let width = Int(plan.view.model.width)
    let widths = [("logits", plan.vocabulary)] + names.values.map { ($0, width) }
    let entries = widths.sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }.map { name, width in
      SafetensorsWriter.Entry(
        name: name, element: .f32, shape: [sequences.count, sequences[0].count, width])
    }
    let layout = try SafetensorsLayout(entries)
    try output.resize(layout.byteCount)
    try output.write(layout.header)
    for (index, sequence) in sequences.enumerated() {
      if shouldStop() {
        throw DiagnosticFailure(.interrupted, "the logits were stopped after \(index) sequences")
      }
      try run(
        sequence,
        into: HiddenRows(
          output: output, layout: layout, firstRow: index * sequence.count, names: names))
    }
    try output.publish()
  }

  private func run(_ sequence: [UInt32], into rows: HiddenRows) throws {
    do {
      try context.reset(slot: 0)
      for start in stride(from: 0, to: sequence.count, by: context.options.rowCapacity) {
        let chunk = Array(sequence[start..<min(start + context.options.rowCapacity, sequence.count)])
        try runChunk(chunk, at: start, into: rows)
      }
    } catch let error as CallError {
      throw DiagnosticFailure(.badText, "\(error)", hint: "token ids must be below the plan's vocabulary")
    }
  }

  private func runChunk(_ chunk: [UInt32], at first: Int, into rows: HiddenRows) throws {
    let segments = [Segment(slot: 0, count: chunk.count)]
    var failure: DiagnosticFailure?
    func keep(_ event: TapEvent, _ start: Int) {
      guard failure == nil, let name = rows.names[event.instruction] else { return }
      do throws(DiagnosticFailure) {
        var values = [Float](repeating: 0, count: event.width)
        for row in 0..<event.rows {
          values.withUnsafeMutableBufferPointer { event.read(row: row, into: $0) }
          try rows.write(basis?.restored(values) ?? values, of: name, at: start + row)
        }
      } catch {
        failure = error
      }
    }
    if !rows.names.isEmpty {
      try context.run(tokens: chunk, segments: segments) { keep($0, first) }
    } else {
      try context.run(tokens: chunk, segments: segments)
    }
    for start in stride(from: 0, to: chunk.count, by: context.options.logitRowCapacity) {
      let chosen = Array(start..<min(start + context.options.logitRowCapacity, chunk.count))
      let logits =
        rows.names.isEmpty
        ? try context.logits(rows: chosen) : try context.logits(rows: chosen) { keep($0, first + start) }
      for row in chosen.indices { try rows.write(Array(logits[row]), of: "logits", at: first + start + row) }
    }
    if let failure { throw failure }
  }

  /// The instructions whose output is exported beside the logits, and under which name.
  /// - Throws: `DiagnosticFailure` where the output of one is no row of the model's width for each token.
  private func hiddenNames() throws(DiagnosticFailure) -> [Int: String] {
    let view = plan.view
    var names: [Int: String] = [:]
    for index in 0..<view.instructionCount {
      let instruction = view.instruction(index)
      let own = view.string(instruction.name)
      guard let name = Self.hiddenName(own) else { continue }
      for buffer in instruction.buffersWritten.map(view.buffer)
      where buffer.width != view.model.width || buffer.rowSet != 0 {
        throw DiagnosticFailure(
          .badPlan,
          """
          the instruction writes rows of \(buffer.width)\(buffer.rowSet == 0 ? "" : " for an expert"), where the residual \
          stream has rows of \(view.model.width) for every token
          """,
          at: .node(own), hint: "the plan was not made by this tool; leave out --hidden")
      }
      names[index] = name
    }
    return names
  }

  /// The name under which what an instruction writes is exported: embedding, residual stream after a layer, or final
  /// norm.
  private static func hiddenName(_ name: String) -> String? {
    switch name {
    case "embedding": return "embedding"
    case "norm_f": return "final_norm"
    case let name:
      let parts = name.split(separator: ".")
      return parts.count == 3 && parts[0] == "layers" && parts[2] == "residual" ? "layer_\(parts[1])" : nil
    }
  }
}

/// The rows of one sequence in the file that is being written.
private struct HiddenRows {
  let output: OutputFile
  let layout: SafetensorsLayout
  /// The sequence's first row, counted over all sequences.
  let firstRow: Int
  /// The instructions whose output is written too, and under which name.
  let names: [Int: String]

  func write(_ values: [Float], of name: String, at row: Int) throws(DiagnosticFailure) {
    guard let offset = layout.offset(of: name) else { return }
    try values.withUnsafeBufferPointer { (values) throws(DiagnosticFailure) in
      let bytes = UnsafeRawBufferPointer(values)
      try output.write(bytes, at: offset + (firstRow + row) * bytes.count)
    }
  }
}
