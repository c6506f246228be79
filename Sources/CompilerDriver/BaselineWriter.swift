public import Diagnostics
import Digests
public import Evaluation
import Files
import Safetensors

/// Writes a stored baseline, text after text and row after row; each goes to its place when it is computed.
public final class BaselineWriter {
  private let output: OutputFile
  private let layout: SafetensorsLayout
  private var hasher = SHA256Hasher()
  private var (text, row) = (0, 0)

  /// Creates the file with room for all texts.
  /// - Parameter shouldStop: asked before the file appears.
  /// - Throws: `DiagnosticFailure`.
  public init(
    _ path: String, for binding: BaselineFile.Binding, texts: [TextWindows],
    shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws {
    output = try OutputFile(path, shouldStop: shouldStop)
    var metadata = BaselineLayout.metadata(binding)
    metadata["format"] = BaselineLayout.format
    for (index, windows) in texts.enumerated() {
      metadata["text.\(index)"] = BaselineLayout.digest(of: windows)
    }
    let entries = texts.enumerated().flatMap { index, windows in
      BaselineLayout.entries(text: index, rows: windows.tokensScored, vocabulary: binding.vocabulary)
    }
    layout = try SafetensorsLayout(entries, metadata: metadata)
    try output.resize(layout.byteCount)
    try output.write(layout.header)
  }

  /// Bytes that the file will have.
  public var byteCount: Int { layout.byteCount }

  /// Appends a row of the text that is being written.
  /// - Throws: `DiagnosticFailure`.
  public func append(_ recorded: RecordedRow) throws(DiagnosticFailure) {
    let codes = UnsafeRawBufferPointer(recorded.codes)
    try output.write(codes, at: place("codes") + row * codes.count)
    try output.write(BaselineLayout.bytes(recorded.step.bitPattern), at: place("steps") + 4 * row)
    try output.write(BaselineLayout.bytes(recorded.row.nll.bitPattern), at: place("nll") + 8 * row)
    try output.write(BaselineLayout.bytes(UInt32(recorded.row.topToken)), at: place("top") + 4 * row)
    BaselineLayout.update(&hasher, recorded.row, step: recorded.step, codes: codes)
    row += 1
  }

  /// Ends a text; the next row belongs to the one after it.
  /// - Throws: `DiagnosticFailure`.
  public func endText() throws(DiagnosticFailure) {
    try output.write(hasher.finalize().bytes, at: place("digest"))
    hasher = SHA256Hasher()
    (text, row) = (text + 1, 0)
  }

  /// Lets the file appear under its name.
  /// - Throws: `DiagnosticFailure`.
  public func publish() throws(DiagnosticFailure) { try output.publish() }

  private func place(_ name: String) -> Int { layout.offset(of: "text.\(text).\(name)") ?? 0 }
}
