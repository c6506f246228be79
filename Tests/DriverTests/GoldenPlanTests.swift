import CompilerDriver
import Diagnostics
import Foundation
import Testing

/// Plans that earlier versions wrote, in `Tests/Fixtures/plans/MAJOR.MINOR`.
///
/// Those of this major version load and give their golden logits for ever after; others are refused by name.
/// `Tests/Fixtures/plans/make` adds a version's.
@Suite
struct GoldenPlanTests {
  private static let folder = Fixtures.directory + "/plans"

  /// Plans as `1.0/quamba.qplan`.
  private static let plans = (FileManager.default.enumerator(atPath: folder)?.allObjects as? [String] ?? [])
    .filter { $0.hasSuffix(".qplan") }.sorted()

  @Test(arguments: plans)
  func loadsAndRuns(_ plan: String) throws {
    let path = Self.folder + "/" + plan
    let version = plan.split(separator: "/")[0]
    do {
      #expect(try PlanVerification.verify(path, level: .run, threads: 1).contains("golden logits"))
      #expect(try Data(contentsOf: URL(fileURLWithPath: path))[8] == UInt8(version.prefix { $0 != "." }))
    } catch let error as DiagnosticFailure {
      #expect(error.diagnostics.map(\.code) == [.planVersion], "\(error)")
      #expect(error.diagnostics.allSatisfy { $0.message.contains(version) })
    }
  }
}
