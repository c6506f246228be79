import Foundation
import Testing

/// A program as users run it, or one that tests need: it lies beside the tests, or where `QUAMBA_PROGRAMS` says.
enum Program: String, CaseIterable {
  case quamba
  case quambaRun = "quamba-run"
  case countAllocations = "count-allocations"
  case damage

  private static let directory =
    ProcessInfo.processInfo.environment["QUAMBA_PROGRAMS"].map { URL(fileURLWithPath: $0) }
    ?? Bundle.main.bundleURL

  /// Where the program lies.
  var path: String { Self.directory.appendingPathComponent(rawValue).path }

  /// Runs the program to its end.
  func run(
    _ arguments: [String], environment: [String: String] = [:], directory: String? = nil, input: String = ""
  ) throws -> Outcome {
    try run(arguments, environment: environment, directory: directory, input: Data(input.utf8))
  }

  /// Runs the program to its end, with any bytes on its standard input.
  func run(
    _ arguments: [String], environment: [String: String] = [:], directory: String? = nil, input: Data
  ) throws -> Outcome {
    try #require(FileManager.default.isExecutableFile(atPath: path), "build \(path) first: swift build")
    return try Outcome(of: path, arguments, environment, directory, input: input)
  }
}

/// What a program left behind.
struct Outcome {
  let code: Int32
  let output: String
  let errors: String

  /// Runs a program; its output goes through files, so that no pipe can fill up.
  init(
    of program: String, _ arguments: [String], _ environment: [String: String] = [:],
    _ directory: String? = nil, input: Data = Data()
  ) throws {
    let streams = try TemporaryDirectory()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
    let files = try ["in", "out", "err"].map { name in
      try streams.write(name, name == "in" ? input : Data())
      return try #require(FileHandle(forUpdatingAtPath: streams.path(name)))
    }
    process.standardInput = files[0]
    process.standardOutput = files[1]
    process.standardError = files[2]
    try process.run()
    process.waitUntilExit()
    code = process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    output = try streams.text("out")
    errors = try streams.text("err")
  }

  /// The codes of the errors on standard error, in order.
  var errorCodes: [String] {
    errors.split(separator: "\n").compactMap { line in
      line.wholeMatch(of: /error\[([a-z-]+)\]: .+/).map { String($0.1) }
    }
  }

  /// Whether every line on standard error is a finding, a hint or progress.
  var hasOnlyFindings: Bool {
    errors.split(separator: "\n").allSatisfy { line in
      line.wholeMatch(of: /(error|warning|note)\[[a-z-]+\]: .+|  hint: .+|[a-z]+: [0-9]+ of [0-9]+ .+/) != nil
    }
  }
}

/// A directory that is gone when nothing refers to it any more.
final class TemporaryDirectory {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("quamba-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of a file of the directory.
  func path(_ name: String) -> String { path + "/" + name }

  /// Writes a file.
  func write(_ name: String, _ content: String) throws { try write(name, Data(content.utf8)) }

  /// Writes a file.
  func write(_ name: String, _ content: Data) throws {
    try content.write(to: URL(fileURLWithPath: path(name)))
  }

  /// The text of a file.
  func text(_ name: String) throws -> String { String(decoding: try data(name), as: UTF8.self) }

  /// The bytes of a file.
  func data(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path(name))) }

  /// Names of everything inside, sorted.
  var names: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
  }
}

/// Where models and texts for tests lie.
enum Fixtures {
  static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path
  static let example = package + "/Examples/models/gutenberg-9m"
  static let text = package + "/Tests/Fixtures/texts/time-machine.txt"

  static func model(_ name: String) -> String { package + "/Tests/Fixtures/models/" + name }

  /// Options for a calibration that takes little time.
  static let little = ["--samples", "2", "--seq-len", "32"]

  /// Plans of this run of the tests, compiled when first asked for.
  static let plans = PlanCache()
}

/// Plans that several tests read.
final class PlanCache: @unchecked Sendable {  // `lock` guards `places`.
  private let lock = NSLock()
  private var places: [String: TemporaryDirectory] = [:]

  init() { atexit { Fixtures.plans.removeAll() } }

  /// Removes the plans; nothing else would when the process ends.
  private func removeAll() { lock.withLock { places.removeAll() } }

  /// The path of the plan of a model directory by a recipe.
  func plan(_ model: String, _ recipe: String = "quamba-channel") throws -> String {
    try lock.withLock {
      let key = model + "\n" + recipe
      let place = try places[key] ?? TemporaryDirectory()
      if places.updateValue(place, forKey: key) == nil {
        let outcome = try Program.quamba.run(
          ["compile", model, "-o", place.path("plan"), "--recipe", recipe] + Fixtures.little)
        try #require(outcome.code == 0, "\(outcome.errors)")
      }
      return place.path("plan")
    }
  }
}
