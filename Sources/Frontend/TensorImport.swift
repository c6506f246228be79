import Diagnostics
import IR

/// Turns checkpoint tensors into constants; every missing, misshaped or unused tensor is collected.
struct TensorImport {
  private let checkpoint: Checkpoint
  private var used: Set<String> = []
  /// Problems so far.
  var findings: [Diagnostic] = []

  init(_ checkpoint: Checkpoint) { self.checkpoint = checkpoint }

  /// Whether the checkpoint has a tensor.
  func has(_ name: String) -> Bool { checkpoint.entry(name) != nil }

  /// A constant for a tensor that must have these sizes.
  ///
  /// After a problem it stands for zeros, so that the import goes on.
  mutating func constant(_ name: String, _ shape: [Int], _ builder: inout ModuleBuilder) -> ValueID {
    used.insert(name)
    var type = ValueType(.f32, shape)
    var source = ConstantSource.zero
    if let entry = checkpoint.entry(name) {
      if entry.shape != shape {
        report(.wrongShape, "the shape is \(entry.shape), the model needs \(shape)", entry)
      } else if let element = entry.element {
        type.element = element
        source = .tensor(name)
      } else {
        report(
          .wrongType, "the type is \(entry.typeName)", entry, hint: "weights must be F32, F16 or BF16")
      }
    } else {
      findings.append(
        Diagnostic(
          .missingTensor, "the model needs this tensor, of shape \(shape)", at: .tensor(name, file: nil)))
    }
    return builder.constant(source, type: type, name: name, origin: name)
  }

  /// With so many problems the import ends.
  private static let mostFindings = 1_000

  /// Ends the import where there are so many problems that more would say nothing new.
  ///
  /// So what it builds is not much more than the checkpoint has, however many parts the config asks for.
  func endIfHopeless() throws(DiagnosticFailure) {
    guard findings.count >= Self.mostFindings else { return }
    throw DiagnosticFailure(
      findings.prefix(Self.mostFindings) + [
        Diagnostic(
          .badConfig, "the import ended after \(Self.mostFindings) problems",
          hint: "config.json and the weights may be of different models", severity: .note)
      ])
  }

  /// Reports every tensor that nothing used.
  mutating func reportExtraTensors() {
    for name in checkpoint.names where !used.contains(name) {
      guard let entry = checkpoint.entry(name) else { continue }
      report(.extraTensor, "nothing in a model of this kind uses this tensor, of shape \(entry.shape)", entry)
    }
  }

  /// Whether a tensor repeats another, which then stands for both.
  mutating func take(_ name: String, as other: String) -> Bool {
    guard checkpoint.areSame(name, other) else { return false }
    used.insert(name)
    return true
  }

  /// Reports every file with wrong checksums, and every used tensor with a NaN or an infinity; or the interruption.
  mutating func reportBadValues() {
    findings += checkpoint.damagedFiles()
    do {
      for name in try checkpoint.nonFiniteTensors(among: used) {
        guard let entry = checkpoint.entry(name) else { continue }
        report(
          .nonFinite, "the tensor holds a NaN or an infinity", entry, hint: "repair or download it again")
      }
    } catch {
      findings += error.diagnostics
    }
  }

  private mutating func report(
    _ code: DiagnosticCode, _ message: String, _ entry: Checkpoint.Entry, hint: String? = nil
  ) {
    findings.append(Diagnostic(code, message, at: .tensor(entry.name, file: entry.file), hint: hint))
  }
}
