public import Diagnostics
import Digests
import PlanFormat
public import PlanRuntime
import Tokenization

/// Checks of a plan file.
public enum PlanVerification {
  /// How much is checked.
  public enum Level: String, CaseIterable, Sendable {
    /// Everything that loading checks, and the tokenizer's tables, which must fit the vocabulary.
    case structure
    /// The digest of every section too, and the corrections of int8 weights, computed again.
    case content
    /// The golden logits too, bit for bit.
    case run
  }

  /// Checks a plan file; returns one line that says what was found in order.
  /// - Throws: `DiagnosticFailure` naming what is wrong.
  public static func verify(_ path: String, level: Level, threads: Int?) throws(DiagnosticFailure) -> String {
    let plan = try PlanFile.load(path)
    _ = try PlanOrModel.tokenizer(of: plan, path)
    var checked = "structure"
    if level != .structure {
      try checkContent(of: plan, path)
      checked += ", content"
    }
    if level == .run {
      try checkGolden(plan, path, threads: threads)
      checked += ", golden logits"
    }
    return "\(path): ok (\(checked))"
  }

  /// Compares the digest of every section, and the corrections of int8 weights.
  /// - Throws: `DiagnosticFailure` naming the section or instruction.
  public static func checkContent(of plan: Plan, _ path: String) throws(DiagnosticFailure) {
    let view = plan.view
    var findings: [Diagnostic] = []
    for kind in SectionKind.allCases {
      let bytes = UnsafeRawBufferPointer(rebasing: view.memory[view.range(of: kind)])
      if Digests.sha256(bytes).bytes != view.digest(of: kind) {
        findings.append(
          Diagnostic(
            .badPlan, "the content of section \(kind) does not give its digest", at: .file(path),
            hint: "the file is damaged; compile again"))
      }
    }
    if !findings.isEmpty { throw DiagnosticFailure(findings) }
    do {
      try view.verifyCorrections()
    } catch {
      throw DiagnosticFailure(error.diagnostic(path))
    }
  }

  private static func checkGolden(_ plan: Plan, _ path: String, threads: Int?) throws(DiagnosticFailure) {
    let golden = plan.view.golden
    guard !golden.input.isEmpty else {
      throw DiagnosticFailure(.badPlan, "the plan holds no golden logits", at: .file(path))
    }
    var options = ContextOptions(
      logitRowCapacity: 1, contextCapacity: golden.input.count, threads: threads)
    options.rowCapacity = min(options.rowCapacity, golden.input.count)
    let context = try PlanFile.context(plan, options)
    do {
      let last = try context.prefill(golden.input)
      let logits = try context.logits(rows: [last])[0]
      let isEqual = zip(logits, golden.logits).allSatisfy { $0.bitPattern == $1.bitPattern }
      guard isEqual, logits.count == golden.logits.count else {
        throw DiagnosticFailure(
          .badPlan, "the plan does not give its golden logits on this machine", at: .file(path),
          hint: "run 'verify --level content' to see whether the file is damaged")
      }
    } catch let error as CallError {
      throw DiagnosticFailure(.badPlan, "the golden input cannot be run: \(error)", at: .file(path))
    } catch let failure as DiagnosticFailure {
      throw failure
    } catch {
      throw DiagnosticFailure(.badPlan, "\(error)", at: .file(path))
    }
  }
}
