import CompilerDriver
import Diagnostics
import Foundation
import Passes
import Testing

/// A user's interruption ends a compile without a trace.
@Suite(.serialized)
struct InterruptionTests {
  private func compile(_ recipe: Recipe, stopping: @escaping @Sendable () -> Bool) throws -> Diagnostics
    .ExitStatus?
  {
    try withTemporaryDirectory { place in
      let output = place + "/plan"
      try Data("old".utf8).write(to: URL(fileURLWithPath: output))
      var options = Compiler.Options(
        model: Fixtures.model("mamba-f32"), output: output, recipe: recipe, threads: 2)
      options.size = CalibrationText.Size(samples: 3, length: 32)
      var status: Diagnostics.ExitStatus?
      do {
        _ = try Compiler.compile(options, progress: { _, _ in }, shouldStop: stopping)
      } catch let failure as DiagnosticFailure {
        status = failure.exitStatus
        #expect(try Data(contentsOf: URL(fileURLWithPath: output)) == Data("old".utf8))
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: place) == ["plan"])
      return status
    }
  }

  @Test
  func whileCalibratingAndWhileWriting() throws {
    #expect(try compile(.quambaChannel) { true } == .interrupted)
    #expect(try compile(.float32) { true } == .interrupted)
    #expect(try compile(.quambaChannel) { false } == nil)
  }
}
