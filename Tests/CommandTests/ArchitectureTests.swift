import Foundation
import JSONText
import Testing

/// The arrows between modules, and what the small program links.
@Suite
struct ArchitectureTests {
  /// What each module may depend on, beyond nothing.
  private static let allowed: [String: Set<String>] = [
    "CJSONC": [], "CKernels": [], "CCalibrationText": [], "CCountingAllocator": [], "CWriteback": [],
    "Diagnostics": [], "WorkSharing": [], "Files": ["Diagnostics", "CWriteback"],
    "JSONText": ["CJSONC"], "Digests": ["Crypto"], "Safetensors": ["JSONText", "Files"],
    "PickledTensors": ["Files"], "Tokenization": ["PlanFormat"], "IR": ["Diagnostics"], "PlanFormat": [],
    "Frontend": [
      "IR", "Safetensors", "PickledTensors", "JSONText", "Tokenization", "Digests", "Diagnostics", "Files",
      "WorkSharing",
      "CKernels",
    ],
    "Passes": ["IR", "Diagnostics"],
    "Backend": ["IR", "PlanFormat", "CKernels", "Tokenization", "Diagnostics", "WorkSharing"],
    "PlanRuntime": ["PlanFormat", "CKernels"], "Generation": ["PlanRuntime", "Tokenization"],
    "Calibration": ["PlanRuntime", "PlanFormat", "JSONText", "Digests", "CKernels"],
    "Evaluation": ["PlanRuntime", "PlanFormat", "JSONText", "CKernels"],
    "Report": ["CompilerDriver", "Calibration", "Diagnostics", "PlanFormat", "PlanRuntime", "JSONText"],
    "Sensitivity": [
      "CompilerDriver", "Files", "Passes", "Calibration", "Evaluation", "Frontend", "Diagnostics",
      "PlanRuntime",
      "JSONText",
    ],
    "quamba-run": ["PlanRuntime", "Generation", "Tokenization"],
    "count-allocations": ["PlanFormat", "PlanRuntime", "Generation", "CCountingAllocator"],
  ]

  /// Targets that may depend on everything.
  private static let free: Set<String> = ["CompilerDriver", "quamba"]
  /// Targets that damage and fuzz files, and run recorded calls, for tests.
  private static let testing: Set<String> = ["FuzzTargets", "fuzz", "damage", "replay"]

  /// The sources of a target, by name.
  private func sources(_ target: String) throws -> [(name: String, text: String)] {
    let directory = URL(fileURLWithPath: Fixtures.package + "/Sources/" + target).resolvingSymlinksInPath()
    let files = FileManager.default.enumerator(at: directory, includingPropertiesForKeys: nil)
    return try (files?.allObjects as? [URL] ?? []).filter { $0.pathExtension == "swift" }.map {
      ($0.lastPathComponent, try String(contentsOf: $0, encoding: .utf8))
    }
  }

  private func imports(_ text: String) -> Set<String> {
    Set(
      text.matches(of: /(?m)^(?:@[^ ]+ )*(?:(?:public|package|internal|private) )?import (\w+)/).map {
        String($0.1)
      })
  }

  private var targets: [String] {
    get throws {
      try FileManager.default.contentsOfDirectory(atPath: Fixtures.package + "/Sources").sorted()
    }
  }

  @Test
  func everyTargetHasItsRule() throws {
    #expect(try Set(targets) == Set(Self.allowed.keys).union(Self.free))
  }

  @Test
  func importsFollowTheArrows() throws {
    let system: Set<String> = [
      "Glibc", "Synchronization", "Swift", "Dispatch", "Foundation", "ArgumentParser",
    ]
    for (target, allowed) in Self.allowed {
      for source in try sources(target) {
        let wrong = imports(source.text).subtracting(allowed).subtracting(system)
        #expect(wrong.isEmpty, "\(target)/\(source.name) imports \(wrong.sorted())")
      }
    }
  }

  @Test
  func theManifestDeclaresNoOtherArrow() throws {
    let scratch = try TemporaryDirectory()
    let command = [
      "swift", "package", "--package-path", Fixtures.package, "--scratch-path", scratch.path, "dump-package",
    ]
    // The lock of a scratch folder lies in TMPDIR, and stays there.
    let outcome = try Outcome(of: "/usr/bin/env", command, ["TMPDIR": scratch.path])
    try #require(outcome.code == 0, "\(outcome.errors)")
    let manifest = JSONCursor(try JSONText.parse(outcome.output))
    for target in try manifest["targets"].array() where try target["type"].string() != "test" {
      let name = try target["name"].string()
      guard !Self.free.union(Self.testing).contains(name) else { continue }
      let allowed = try #require(Self.allowed[name], "\(name) has no rule")
      let declared = try target["dependencies"].array().map { try dependency($0) }
      #expect(Set(declared).isSubset(of: allowed), "\(name) depends on \(declared)")
    }
  }

  /// The name in a dependency as `dump-package` prints it: `{"byName": [name, …]}`.
  private func dependency(_ entry: JSONCursor) throws -> String {
    let members = try entry.members()
    return try #require(members.first).cursor[0].string()
  }

  @Test
  func whatRunsPlansKnowsNoFoundation() throws {
    let bare = [
      "Tokenization", "PlanFormat", "PlanRuntime", "Generation", "quamba-run", "Diagnostics", "Files", "IR",
      "Passes", "Backend",
    ]
    for target in bare {
      for source in try sources(target) {
        let found = imports(source.text)
        #expect(!found.contains { $0.hasPrefix("Foundation") }, "\(target)/\(source.name)")
      }
    }
    for target in try targets where target != "JSONText" {
      for source in try sources(target) {
        #expect(!imports(source.text).contains("CJSONC"), "\(source.name)")
      }
    }
  }

  @Test
  func theSmallProgramLinksLittle() throws {
    let allowed = [
      "linux-vdso", "ld-linux", "libc", "libm", "libstdc++", "libgcc_s", "libpthread", "libdl",
      "libswiftCore",
      "libswiftGlibc", "libswift_Concurrency", "libswift_StringProcessing", "libswift_RegexParser",
      "libswift_Builtin_float", "libswiftSynchronization", "libdispatch", "libBlocksRuntime",
    ]
    let outcome = try Outcome(of: "/usr/bin/ldd", [Program.quambaRun.path])
    try #require(outcome.code == 0, "\(outcome.errors)")
    for line in outcome.output.split(separator: "\n") {
      let path = line.trimmingCharacters(in: .whitespaces).prefix { $0 != " " }
      let name = (path.split(separator: "/").last ?? "").split(separator: ".").first.map(String.init) ?? ""
      #expect(allowed.contains { name == $0 || (name.hasPrefix($0) && $0.hasPrefix("ld-")) }, "\(line)")
    }
  }
}
