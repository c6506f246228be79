import Foundation
import Testing

/// The program `replay`: SwiftPM builds it for this machine, and the toolchain's clang the same sources for Arm.
enum Replay {
  /// As it lies beside the tests.
  case native
  /// Under qemu, on a processor that qemu knows by this name.
  case arm(processor: String)

  /// With everything that a 64-bit Arm processor may have.
  static let arm = Replay.arm(processor: "max")

  /// What keeps the tests from running here; nil where nothing does.
  static let missing: String? = {
    #if arch(x86_64)
      if path(of: "qemu-aarch64") == nil { return "no qemu-aarch64; `make setup-arm` installs it" }
      for library in ["/usr/aarch64-linux-gnu/lib/libc.a", "/usr/lib/gcc-cross/aarch64-linux-gnu"]
      where !FileManager.default.fileExists(atPath: library) {
        return "no \(library); `make setup-arm` installs it"
      }
      return nil
    #else
      return "the other side is an x86 processor"
    #endif
  }()

  /// What the program prints, by lines.
  func run(_ arguments: [String]) throws -> [String] {
    switch self {
    case .native:
      let path = Bundle.main.bundleURL.appendingPathComponent("replay").path
      try #require(FileManager.default.isExecutableFile(atPath: path), "build \(path) first: swift build")
      return try Self.lines(of: path, arguments)
    case .arm(let processor):
      let qemu = try #require(Self.path(of: "qemu-aarch64"))
      return try Self.lines(of: qemu, ["-cpu", processor, try Self.built.get().path] + arguments)
    }
  }

  /// The program for Arm, all C of the kernels in it; warnings are errors.
  private static let built = Result { () throws -> Built in
    let built = try Built()
    let all = try sources(in: "Sources/CKernels") + sources(in: "Tests/Arm")
    try compile(["-I", "\(package)/Sources/CKernels/include", "-o", built.path] + all + ["-lm"])
    return built
  }

  /// Compiles the C of a directory for Arm, and keeps nothing.
  static func checkForArm(_ directory: String) throws {
    try compile(["-fsyntax-only", "-I", "\(package)/\(directory)/include"] + sources(in: directory))
  }

  private static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  private static func sources(in directory: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(package)/\(directory)").sorted()
      .filter { $0.hasSuffix(".c") }.map { "\(package)/\(directory)/\($0)" }
  }

  /// Compiles with the package's warnings, all of them errors.
  private static func compile(_ arguments: [String]) throws {
    let options = [
      "--target=aarch64-linux-gnu", "-fuse-ld=lld", "-static", "-std=gnu17", "-O2", "-Wall", "-Wextra",
      "-Wno-psabi", "-Wno-unused-command-line-argument", "-Werror",
      "-isystem", "/usr/aarch64-linux-gnu/include",
    ]
    _ = try lines(of: try #require(clang), options + arguments)
  }

  /// A file that is gone when the tests end.
  private final class Built: Sendable {
    let path: String

    init() throws {
      let directory = FileManager.default.temporaryDirectory.appendingPathComponent(
        "quamba-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
      path = directory.appendingPathComponent("replay").path
      atexit { try? Replay.built.get().remove() }
    }

    private func remove() throws {
      try FileManager.default.removeItem(at: URL(fileURLWithPath: path).deletingLastPathComponent())
    }
  }

  /// The clang that came with the Swift that builds this.
  private static let clang: String? = {
    guard let swift = path(of: "swift") else { return path(of: "clang") }
    let beside = URL(fileURLWithPath: swift).resolvingSymlinksInPath().deletingLastPathComponent()
      .appendingPathComponent("clang").path
    return FileManager.default.isExecutableFile(atPath: beside) ? beside : path(of: "clang")
  }()

  private static func path(of program: String) -> String? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(program)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  private static func lines(of program: String, _ arguments: [String]) throws -> [String] {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(program) \(arguments): exit \(process.terminationStatus)")
    return text.split(separator: "\n").map(String.init)
  }
}
