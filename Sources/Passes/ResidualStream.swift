import Diagnostics
import IR

/// The values that hold the residual stream, and the linear layers that add to it.
struct ResidualStream {
  /// Values that are rotated when the stream is.
  private(set) var values: Set<ValueID> = []
  /// Linear layers whose results are summed into the stream.
  private(set) var writers: Set<ValueID> = []
  /// Where the stream starts.
  let start: ValueID
  private let module: Module
  private let uses: [[ValueID]]
  private var findings: [Diagnostic] = []

  /// Follows the stream from the embedding to the head.
  /// - Throws: `DiagnosticFailure` (`cannot-rotate`) naming everything that a rotation cannot be folded into.
  init(_ rewriter: Rewriter) throws(DiagnosticFailure) {
    module = rewriter.before
    uses = rewriter.uses
    guard let first = module.values.first(where: { rewriter.before[$0].op == .embedding }) else {
      throw DiagnosticFailure(.cannotRotate, "the model has no embedding, so no residual stream starts")
    }
    start = first
    for value in module.values where !module[value].isConstant { follow(value) }
    if values.contains(module.result) { report(module.result, "it is the model's result") }
    if !findings.isEmpty { throw DiagnosticFailure(findings) }
  }

  private mutating func follow(_ value: ValueID) {
    let node = module[value]
    guard node.op == .embedding || node.operands.contains(where: values.contains) else { return }
    switch node.op {
    case .embedding, .selectRows: values.insert(value)
    case .rmsNorm:
      values.insert(value)
      if module[node.operands[1]].attributes["source"] != .source(.splat(1)) {
        report(value, "the gain of this norm cannot move into what reads it, since not all of that is linear")
      }
    case .add:
      values.insert(value)
      for term in node.operands where !values.contains(term) { requireWriter(term) }
    case .combine:
      values.insert(value)
      requireWriter(node.operands[1])
    case .dispatch: values.insert(value)
    case .linear: break
    default: report(value, "\(node.op.rawValue) reads the residual stream, and only linear layers may")
    }
  }

  /// A term of the stream must be a linear layer whose rows can be rotated, or a sum of such.
  private mutating func requireWriter(_ term: ValueID) {
    let node = module[term]
    guard uses[term.index].allSatisfy({ [.add, .combine].contains(module[$0].op) }) else {
      return report(term, "it is a part of the residual stream and read by something else too")
    }
    switch node.op {
    case .linear: writers.insert(term)
    case .add:
      values.insert(term)
      for inner in node.operands { requireWriter(inner) }
    default: report(term, "\(node.op.rawValue) writes to the residual stream, and only linear layers may")
    }
  }

  private mutating func report(_ value: ValueID, _ message: String) {
    findings.append(
      Diagnostic(
        .cannotRotate, "the residual stream cannot be rotated: \(message)", at: .node(module[value].name),
        hint: "use a recipe whose rotation is local or none"))
  }
}
