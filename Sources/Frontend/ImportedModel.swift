public import Diagnostics
public import IR
import JSONText

/// A model directory read into the IR.
public struct ImportedModel: Sendable {
  /// The model as the checkpoint has it.
  public let module: Module
  /// The tensors that the module's constants name.
  public let checkpoint: Checkpoint
  /// The files it came from.
  public let files: ModelFiles

  /// Model families that can be imported, by `model_type`.
  public static let supportedTypes = ["mamba"]

  /// Reads a model directory.
  /// - Parameter checksValues: whether every weight is read and must be finite; headers are always checked.
  /// - Throws: `DiagnosticFailure` with everything that is wrong.
  public init(directory: String, checksValues: Bool) throws(DiagnosticFailure) {
    files = try ModelFiles(directory: directory)
    var config = ConfigReader(files.config, file: files.path("config.json"))
    try Self.requireSupported(&config)
    checkpoint = try Checkpoint(files)
    var importer = MambaImporter(config: &config, tensors: TensorImport(checkpoint))
    if !config.findings.isEmpty { throw DiagnosticFailure(config.findings) }
    do {
      module = try importer.build(checksValues: checksValues)
    } catch let failure as DiagnosticFailure {
      throw failure
    } catch {
      throw DiagnosticFailure(
        .badConfig, "the sizes do not fit together: \(error)", at: .file(files.path("config.json")))
    }
    try Verifier.verify(module)
  }

  private static func requireSupported(_ config: inout ConfigReader) throws(DiagnosticFailure) {
    let hint = "supported: model_type \(supportedTypes.map { "\"\($0)\"" }.joined(separator: ", "))"
    if config.contains("quantization_config") {
      config.report(
        "quantization_config", "the checkpoint is quantized already",
        hint: "give the original float checkpoint",
        code: .unsupportedModel)
    }
    if let type = config.string("model_type") {
      if !supportedTypes.contains(type) {
        config.report("model_type", "'\(type)' is not supported", hint: hint, code: .unsupportedModel)
      }
    } else {
      config.report("model_type", "the field is missing", hint: hint, code: .unsupportedModel)
    }
    if !config.findings.isEmpty { throw DiagnosticFailure(config.findings) }
  }
}
