public import Diagnostics
import Frontend
import IR
public import JSONText
import Tokenization

/// What a model directory holds, from its headers.
public struct ModelInspection: Sendable {
  private let model: LoadedModel

  /// Reads a model directory without reading weights.
  /// - Throws: `DiagnosticFailure` with everything that is wrong.
  public init(directory: String, tokenizer: String? = nil) throws(DiagnosticFailure) {
    model = try LoadedModel(directory: directory, tokenizer: tokenizer, checksValues: false)
  }

  private var entries: [Checkpoint.Entry] {
    model.imported.checkpoint.names.compactMap { model.imported.checkpoint.entry($0) }
  }

  private var parameters: Int { entries.reduce(0) { $0 + $1.elementCount } }

  /// The inspection as JSON (`Schemas/inspect-model.schema.json`).
  public var json: JSONValue {
    let module = model.imported.module
    return .object([
      ("kind", "model"), ("architecture", .string(module.architecture)),
      ("layers", .integer(Int64(module.layers))), ("vocabulary", .integer(Int64(model.vocabulary))),
      ("parameters", .integer(Int64(parameters))),
      ("bytes", .integer(Int64(model.imported.checkpoint.byteCount))),
      (
        "tokenizer",
        model.tokenizer.map {
          .object([
            ("vocabulary", .integer(Int64($0.vocabularySize))), ("merges", .integer(Int64($0.merges.count))),
          ])
        } ?? .null
      ),
      ("tensors", .array(entries.map { .object($0.fields) })),
    ])
  }

  /// The inspection for people.
  public var text: String {
    let module = model.imported.module
    var lines = [
      "model         \(model.imported.files.directory)",
      "architecture  \(module.architecture), \(module.layers) layers, vocabulary \(model.vocabulary)",
      "parameters    \(parameters), \(ByteCount.text(model.imported.checkpoint.byteCount)) in \(model.imported.files.weights.count) file(s)",
      "tokenizer     "
        + (model.tokenizer.map { "\($0.vocabularySize) tokens, \($0.merges.count) merges" } ?? "none"),
      "",
    ]
    let width = entries.map(\.name.count).max() ?? 0
    for entry in entries {
      let name = entry.name + String(repeating: " ", count: width - entry.name.count)
      lines.append("\(name)  \(entry.typeName)\(entry.shape)")
    }
    return lines.joined(separator: "\n")
  }

  /// Warnings and notes.
  public var findings: [Diagnostic] { model.findings }
}

extension Checkpoint.Entry {
  /// What JSON says of the tensor.
  var fields: [(String, JSONValue)] {
    [
      ("name", .string(name)), ("type", .string(typeName)),
      ("shape", .array(shape.map { .integer(Int64($0)) })), ("bytes", .integer(Int64(byteCount))),
      ("file", .string(file.split(separator: "/").last.map(String.init) ?? file)),
    ]
  }
}
