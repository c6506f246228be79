import CompilerDriver
import Diagnostics
import Digests
import Foundation
import Generation
import JSONText
import PlanFormat
import PlanRuntime
import Testing

/// Plans that earlier versions wrote, in `Tests/Fixtures/plans/MAJOR.MINOR`.
///
/// Those of this major version load and give their golden logits for ever after; others are refused by name.
/// `Tests/Fixtures/plans/make` adds a version's.
@Suite(.serialized)
struct GoldenPlanTests {
  private static let folder = Fixtures.directory + "/plans"

  /// Plans as `1.1/quamba.qplan`.
  private static let plans = (FileManager.default.enumerator(atPath: folder)?.allObjects as? [String] ?? [])
    .filter { $0.hasSuffix(".qplan") }.sorted()

  @Test(arguments: plans)
  func loadsAndRuns(_ plan: String) throws {
    let path = Self.folder + "/" + plan
    let version = plan.split(separator: "/")[0]
    do {
      #expect(try PlanVerification.verify(path, level: .run, threads: 1).contains("golden logits"))
      #expect(try JSONCursor(PlanInspection(path: path).json)["version"].string() == version)
      try checkAnswer(of: path)
    } catch let error as DiagnosticFailure {
      #expect(version.split(separator: ".")[0] != "\(PlanVersion.current.major)", "\(error)")
      #expect(error.diagnostics.map(\.code) == [.planVersion], "\(error)")
      #expect(error.diagnostics.allSatisfy { $0.message.contains(version) })
    }
  }

  /// Continues the prompt on the first line of the plan's `.answer`, and compares with the rest.
  private func checkAnswer(of path: String) throws {
    let plan = try PlanFile.load(path)
    let answer = try String(contentsOfFile: path.dropLast("qplan".count) + "answer", encoding: .utf8)
    let (prompt, expected) = (answer.prefix { $0 != "\n" }, answer.drop { $0 != "\n" }.dropFirst())
    for set in InstructionSet.allCases.filter(\.isSupported) {
      for threads in 1...2 {
        let options = ContextOptions(threads: threads, instructionSet: set)
        let generator = try TextGenerator(plan: plan, options: options)
        #expect(try Self.answer(prompt, generator) == expected, "\(set), \(threads) threads")
      }
    }
  }

  /// What `quamba-run -n 12 --ignore-eos --logits-digest` prints.
  private static func answer(_ prompt: Substring, _ generator: TextGenerator) throws -> String {
    let value = prompt.drop { $0 != " " }.dropFirst()
    let isText = prompt.hasPrefix("--prompt ")
    let ids =
      isText ? try generator.encode(String(value)) : value.split(separator: ",").compactMap { UInt32($0) }
    var (text, tokens) = ("", [String]())
    let request = GenerationRequest(prompt: ids, tokenLimit: 12, ignoresEnd: true)
    let statistics = try generator.generate(request) { token, piece in
      text += piece
      if let token { tokens.append("\(token)") }
      return true
    }
    let shown = isText ? text : tokens.joined(separator: ",")
    return "\(shown)\nlogits-digest: \(statistics.logitsDigest.text)\n"
  }

  /// Once there are golden plans of a version, it may not grow: what is new needs another minor version.
  @Test
  func versionIsClosed() throws {
    let plans = try Self.plans.filter { $0.hasPrefix("\(PlanVersion.current)/") }
      .map { try PlanFile.load(Self.folder + "/" + $0) }
    try #require(!plans.isEmpty, "write plans of version \(PlanVersion.current); see docs/compatibility.md")
    var opcodes: Set<Opcode> = []
    var types: Set<PlanFormat.ElementType> = []
    var layouts: Set<ConstantLayout> = []
    for plan in plans {
      withExtendedLifetime(plan) {
        let view = plan.view
        for index in 0..<view.instructionCount { opcodes.insert(view.instruction(index).opcode) }
        for index in 0..<UInt32(view.bufferCount) { types.insert(view.buffer(BufferID(index)).type) }
        for index in 0..<UInt32(view.constantCount) {
          types.insert(view.constant(ConstantID(index)).type)
          layouts.insert(view.constant(ConstantID(index)).layout)
        }
      }
    }
    let hint: Comment = "raise PlanVersion.current's minor number; see docs/compatibility.md"
    #expect(opcodes == Set(Opcode.allCases), hint)
    #expect(types == Set(PlanFormat.ElementType.allCases), hint)
    #expect(layouts == Set(ConstantLayout.allCases), hint)
  }

  @Test(arguments: ["1.1", "1.2", "1.3"])
  func areThere(_ version: String) { #expect(Self.plans.contains { $0.hasPrefix(version + "/") }) }

  /// Nobody writes them anew: each is the file that it was when its version was released.
  @Test
  func areAsTheyWere() throws {
    let list = try String(contentsOfFile: Self.folder + "/SHA256SUMS", encoding: .utf8)
    let stated = list.split(separator: "\n").map { (String($0.dropFirst(66)), String($0.prefix(64))) }
    let files = Self.plans + Self.plans.map { $0.dropLast("qplan".count) + "answer" }
    #expect(stated.map(\.0).sorted() == files.sorted())
    for (file, digest) in stated {
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: Self.folder + "/" + file)))
      #expect(Digests.sha256(bytes).hex == digest, "\(file)")
    }
  }
}
