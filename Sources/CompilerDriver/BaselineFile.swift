public import Diagnostics
import Digests
public import Evaluation
import Files
public import PlanRuntime
import Safetensors

/// What a baseline computed for some texts, in a safetensors file.
///
/// For text N there are `text.N.codes`, 16-bit logits of every target scored, `text.N.steps`, what one code of each row
/// stands for, `text.N.nll` and `text.N.top`, −log p of the target and the top token, and `text.N.digest`, the SHA-256 of
/// all of them, row by row.
public struct BaselineFile: Sendable {
  /// What a stored baseline belongs to: it says nothing of any other text, tokenizer or windows.
  public struct Binding: Equatable, Sendable {
    /// SHA-256 of the tokenizer's tables.
    let tokenizer: String
    let vocabulary: Int
    let window: Int
    let scoreFrom: Int

    /// The binding of what a plan computes.
    public init(_ plan: Plan, window: Int, scoreFrom: Int) {
      tokenizer = Digests.sha256(plan.tokenizerSection).hex
      vocabulary = plan.vocabulary
      (self.window, self.scoreFrom) = (window, scoreFrom)
    }
  }

  private let path: String
  private let file: SafetensorsFile

  /// Whether a file looks like a safetensors file rather than a plan.
  public static func isBaseline(_ path: String) -> Bool {
    guard !InputFile.isDirectory(path), let start = InputFile.beginning(of: path, count: 9), start.count == 9
    else { return false }
    return start[8] == UInt8(ascii: "{") && start[4..<8].allSatisfy { $0 == 0 }
  }

  /// Opens a file and checks that it belongs to what is to be evaluated.
  /// - Throws: `DiagnosticFailure` naming everything that differs.
  public init(_ path: String, for binding: Binding) throws(DiagnosticFailure) {
    do {
      file = try SafetensorsFile(path: path)
    } catch {
      throw DiagnosticFailure(.badBaseline, "\(error)", at: .file(path), hint: Self.hint)
    }
    self.path = path
    guard file.metadata["format"] == BaselineLayout.format else {
      throw DiagnosticFailure(
        .badBaseline, "the file is no baseline of this version", at: .file(path), hint: Self.hint)
    }
    let wanted = BaselineLayout.metadata(binding)
    let names = wanted.keys.sorted().filter { file.metadata[$0] != wanted[$0] }
    guard names.isEmpty else {
      let differences = names.map { name in
        "another \(name)"
          + (name == "tokenizer" ? "" : " (\(file.metadata[name] ?? "none"), not \(wanted[name] ?? ""))")
      }
      throw DiagnosticFailure(
        .baselineMismatch, "the baseline was made with \(differences.joined(separator: ", "))",
        at: .file(path), hint: "make the baseline anew, or evaluate as it was made")
    }
  }

  private static let hint = "make one by eval with --save-baseline"

  /// The rows of a text.
  /// - Throws: `DiagnosticFailure` where the file has no such text, or is damaged.
  /// - Complexity: reads the rows once.
  public func rows(of windows: TextWindows) throws(DiagnosticFailure) -> any StoredRows {
    let digest = BaselineLayout.digest(of: windows)
    guard let text = (0..<file.tensors.count).first(where: { file.metadata["text.\($0)"] == digest }) else {
      throw DiagnosticFailure(
        .baselineMismatch, "the baseline was made with another text, or another number of windows",
        at: .file(path), hint: "make the baseline anew for this text")
    }
    guard let rows = BaselineRows(file, text: text) else {
      throw DiagnosticFailure(
        .badBaseline, "the tensors of text \(text) are missing, or have wrong shapes or values",
        at: .file(path), hint: Self.hint)
    }
    guard rows.digest == storedDigest(text) else {
      throw DiagnosticFailure(
        .badBaseline, "the rows of text \(text) do not give their digest", at: .file(path),
        hint: "the file is damaged; make it anew")
    }
    return rows
  }

  /// The digest that the file holds of a text's rows.
  private func storedDigest(_ text: Int) -> [UInt8]? {
    file["text.\(text).digest"].map { tensor in file.withBytes(of: tensor) { Array($0) } }
  }
}
