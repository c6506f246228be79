import Calibration
import CompilerDriver
import Diagnostics
import Foundation
import Passes
import Testing

/// A calibration that is stopped goes on where it was, to the same bytes.
@Suite(.serialized)
struct UnfinishedCalibrationTests {
  private static let passages = 5

  /// Calibrates until so many passages are done.
  /// - Parameter first: the passage that must be the first to be told of.
  private func calibrate(
    _ output: String, from first: Int? = nil, until last: Int = .max, length: Int = 16,
    part: CalibrationText.Part = .whole
  ) throws -> Statistics {
    let run = try CalibrationRun(try LoadedModel(directory: Fixtures.model("tiny"), checksValues: false))
    var (told, totals) = ([Int](), Set<Int>())
    defer { if let first { #expect(told.first == first && totals == [Self.passages], "\(told)") } }
    return try run.run(
      text: nil, size: CalibrationText.Size(samples: Self.passages, length: length), part: part,
      unfinished: UnfinishedCalibration(output: output), threads: 1,
      progress: { now, total in
        told.append(now)
        totals.insert(total)
      }, shouldStop: { told.last ?? 0 >= last })
  }

  private func expectStop(_ output: String, from first: Int = 1, until last: Int) {
    do {
      _ = try calibrate(output, from: first, until: last)
      Issue.record("the calibration was not stopped")
    } catch let failure as DiagnosticFailure {
      #expect(failure.exitStatus == .interrupted)
      #expect(failure.diagnostics[0].message.contains("after \(last) passages"))
    } catch {
      Issue.record("\(error)")
    }
  }

  @Test
  func goesOnToTheSameBytes() throws {
    try withTemporaryDirectory { place in
      let expected = try calibrate(place + "/whole").text
      let output = place + "/stopped"
      for last in 1..<Self.passages {
        expectStop(output, from: last, until: last)
        let kept = try Statistics(path: UnfinishedCalibration(output: output).path)
        #expect(kept.passages.count == last)
      }
      #expect(try calibrate(output, from: Self.passages).text == expected)
      UnfinishedCalibration(output: output).remove()
      #expect(try FileManager.default.contentsOfDirectory(atPath: place).isEmpty)
    }
  }

  /// The plan is complete then, and what was kept for it of no use.
  @Test
  func aCompileWithStatisticsRemovesIt() throws {
    try withTemporaryDirectory { place in
      let (output, statistics) = (place + "/plan", place + "/statistics")
      try Data(try calibrate(place + "/whole").text.utf8).write(to: URL(fileURLWithPath: statistics))
      expectStop(output, until: 2)
      var options = Compiler.Options(
        model: Fixtures.model("tiny"), output: output, recipe: .standard, threads: 1)
      options.statistics = statistics
      _ = try Compiler.compile(options, progress: { _, _ in })
      #expect(try FileManager.default.contentsOfDirectory(atPath: place).sorted() == ["plan", "statistics"])
    }
  }

  @Test
  func anotherCalibrationIsRefusedByName() throws {
    try withTemporaryDirectory { place in
      let output = place + "/stopped"
      expectStop(output, until: 2)
      for attempt in [
        { _ = try calibrate(output, length: 8) },
        { _ = try calibrate(output, part: try #require(CalibrationText.Part("2/2"))) },
      ] {
        let failure = #expect(throws: DiagnosticFailure.self) { try attempt() }
        #expect(failure?.diagnostics.map(\.code) == [.statisticsMismatch])
      }
    }
  }
}
