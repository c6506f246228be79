import Digests
import Evaluation
import Safetensors

/// How a stored baseline lies in its file.
enum BaselineLayout {
  /// Name and version of the format.
  static let format = "quamba-baseline 1"

  /// What the file says of its binding.
  static func metadata(_ binding: BaselineFile.Binding) -> [String: String] {
    [
      "tokenizer": binding.tokenizer, "vocabulary": "\(binding.vocabulary)", "window": "\(binding.window)",
      "score_from": "\(binding.scoreFrom)",
    ]
  }

  /// SHA-256 of the token ids of all windows.
  static func digest(of windows: TextWindows) -> String {
    Digests.sha256(windows.tokens.flatMap { bytes($0) }).hex
  }

  /// The tensors of a text.
  static func entries(text: Int, rows: Int, vocabulary: Int) -> [SafetensorsWriter.Entry] {
    [
      .init(name: "text.\(text).codes", element: .u16, shape: [rows, vocabulary]),
      .init(name: "text.\(text).steps", element: .f32, shape: [rows]),
      .init(name: "text.\(text).nll", element: .f64, shape: [rows]),
      .init(name: "text.\(text).top", element: .u32, shape: [rows]),
      .init(name: "text.\(text).digest", element: .u8, shape: [SHA256Digest.byteCount]),
    ]
  }

  /// Appends a row to a digest.
  static func update(
    _ hasher: inout SHA256Hasher, _ row: StoredRow, step: Float, codes: UnsafeRawBufferPointer
  ) {
    hasher.update(bytes(step.bitPattern) + bytes(row.nll.bitPattern) + bytes(UInt32(row.topToken)))
    hasher.update(codes)
  }

  /// The bytes of an integer, the lowest first.
  static func bytes<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    (0..<Value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}
