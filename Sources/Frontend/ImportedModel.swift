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

  /// Reads a model directory.
  /// - Parameter checksValues: whether every weight is read and must be finite; headers are always checked.
  /// - Throws: `DiagnosticFailure` with everything that is wrong.
  public init(directory: String, checksValues: Bool) throws(DiagnosticFailure) {
    try self.init(try ModelFiles(directory: directory), checksValues: checksValues)
  }

  /// Reads the model that the files of a directory hold.
  /// - Parameters:
  ///   - checksValues: as of the other form.
  ///   - shouldStop: asked whenever weights are read, now or later; that fails as interrupted where it says yes.
  /// - Throws: as the other form.
  public init(
    _ files: ModelFiles, checksValues: Bool, shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws(DiagnosticFailure) {
    self.files = files
    var config = ConfigReader(files.config, file: files.path("config.json"))
    let family = try ModelFamily(&config)
    checkpoint = try Checkpoint(files, shouldStop: shouldStop)
    try ModelFamily.refuseVariants(checkpoint)
    let configuration = MambaConfiguration(family, &config)
    if !config.findings.isEmpty { throw DiagnosticFailure(config.findings) }
    var importer = MambaImporter(configuration, tensors: TensorImport(checkpoint))
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
}
