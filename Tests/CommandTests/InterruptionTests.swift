import Foundation
import Testing

/// A signal ends a command at a safe point, with the exit status that says so.
@Suite(.serialized)
struct InterruptionTests {
  private let place: TemporaryDirectory

  init() throws { place = try TemporaryDirectory() }

  private func calibration(_ output: String) -> [String] {
    [
      "calibrate", Fixtures.model("tiny"), "-o", place.path(output), "--samples", "3000", "--seq-len", "16",
      "--threads", "1", "--progress", "plain",
    ]
  }

  /// Sends one SIGINT after the first line of progress; the exit status and what was said.
  private func interrupted(_ arguments: [String]) throws -> (code: Int32, errors: String) {
    let streams = try TemporaryDirectory()
    try streams.write("err", "")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Program.quamba.path)
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    let stream = try #require(FileHandle(forUpdatingAtPath: streams.path("err")))
    process.standardError = stream
    try process.run()
    while process.isRunning, try !streams.text("err").contains(" of ") { usleep(500) }
    process.interrupt()
    process.waitUntilExit()
    try #require(process.terminationReason == .exit)
    return (process.terminationStatus, try streams.text("err"))
  }

  @Test
  func aCalibrationGoesOnWhereItWas() throws {
    #expect(try Program.quamba.run(calibration("whole")).code == 0)
    let (code, errors) = try interrupted(calibration("out"))
    #expect(code == 75, "\(errors)")
    let stop = try #require(
      errors.firstMatch(of: /error\[interrupted\]: calibration was stopped after ([0-9]+) passages/))
    #expect(try place.names == ["out.unfinished", "whole"])
    let rest = try Program.quamba.run(calibration("out"))
    #expect(rest.code == 0, "\(rest.errors)")
    let first = try #require(rest.errors.firstMatch(of: /calibrate: ([0-9]+) of 3000/))
    #expect(Int(first.1) == Int(stop.1).map { $0 + 1 }, "\(errors)\(rest.errors)")
    #expect(try place.data("out") == place.data("whole"))
    #expect(try place.names == ["out", "whole"])
  }
}
