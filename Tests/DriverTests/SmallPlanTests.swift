import CompilerDriver
import Diagnostics
import Foundation
import PlanFormat
import Testing
import Tokenization

/// What plans that no compiler wrote are refused for, when their structure is right.
@Suite(.serialized)
struct SmallPlanTests {
  /// The findings of what fails, and the status that a command ends with.
  private func refusal(_ body: () throws -> Void) throws -> (text: String, status: Diagnostics.ExitStatus) {
    let failure = try #require(throws: DiagnosticFailure.self, performing: body)
    return (failure.description, failure.exitStatus)
  }

  @Test
  func goldenLogitsThatAreNotThePlans() throws {
    try withTemporaryDirectory { place in
      var plan = SmallPlan()
      let tokens: [UInt32] = [3, 1, 4]
      plan.golden = Golden(input: tokens, logits: try plan.logits(after: tokens))
      let right = try plan.write(place, "right")
      for level in PlanVerification.Level.allCases {
        #expect(try PlanVerification.verify(right, level: level, threads: 1).hasPrefix("\(right): ok ("))
      }
      for index in [0, 7, 19] {
        var wrong = plan
        let bits = plan.golden.logits[index].bitPattern ^ 1
        wrong.golden.logits[index] = Float(bitPattern: bits)
        let path = try wrong.write(place, "wrong")
        #expect(
          try PlanVerification.verify(path, level: .content, threads: 1) == "\(path): ok (structure, content)"
        )
        let refused = try refusal { _ = try PlanVerification.verify(path, level: .run, threads: 1) }
        #expect(refused.status == .badData)
        #expect(
          refused.text == """
            error[bad-plan]: \(path): the plan does not give its golden logits on this machine
              hint: run 'verify --level content' to see whether the file is damaged
            """)
      }
    }
  }

  @Test
  func aPlanWithoutGoldenLogits() throws {
    try withTemporaryDirectory { place in
      let path = try SmallPlan().write(place)
      #expect(
        try PlanVerification.verify(path, level: .content, threads: 1) == "\(path): ok (structure, content)")
      let refused = try refusal { _ = try PlanVerification.verify(path, level: .run, threads: 1) }
      #expect(refused.status == .badData)
      #expect(refused.text == "error[bad-plan]: \(path): the plan holds no golden logits")
    }
  }

  @Test
  func aTokenizerOfMoreIDsThanTheModelHas() throws {
    let tables = try TokenizerTables(
      tokens: (0..<256).map { [UInt8($0)] } + [Array("<end>".utf8)], byteTokens: Array(0..<256), merges: [],
      addedTokens: [AddedToken(id: 256, content: Array("<end>".utf8), flags: .special)],
      rules: TokenizerTables.Rules(addsPrefixSpace: false, splits: true),
      policy: TokenizerTables.Policy(beginningID: nil, endIDs: [256], prefix: [], suffix: []))
    try withTemporaryDirectory { place in
      let fitting = SmallPlan(vocabulary: 257, tokenizer: tables.encodeSection())
      let right = try fitting.write(place, "right")
      #expect(
        try PlanVerification.verify(right, level: .structure, threads: 1) == "\(right): ok (structure)")
      let path = try SmallPlan(vocabulary: 256, tokenizer: tables.encodeSection()).write(place)
      let readers: [() throws -> Void] = [
        { _ = try PlanVerification.verify(path, level: .structure, threads: 1) },
        { _ = try PlanOrModel(path, threads: 1) }, { _ = try TokenizerSource.open(path) },
      ]
      for reader in readers {
        let refused = try refusal(reader)
        #expect(refused.status == .badData)
        #expect(
          refused.text == """
            error[bad-plan]: \(path): the tokenizer has 257 ids, the model only 256
              hint: tokenizer and model do not belong together; compile again
            """)
      }
    }
  }

  @Test(arguments: [nil, #"{"rotation": {"kind": "residual", "signs": 7}}"#])
  func hiddenRowsOfAnotherWidth(_ recipe: String?) throws {
    try withTemporaryDirectory { place in
      let output = place + "/logits"
      var plan = SmallPlan(recipe: recipe)
      func export(isHidden: Bool) throws {
        let source = try PlanOrModel(try plan.write(place), threads: 1)
        try LogitsExport(source.plan, threads: 1).write(
          [[1, 2, 3], [4, 5, 6]], to: output, hidden: isHidden)
      }
      try export(isHidden: true)
      try FileManager.default.removeItem(atPath: output)
      for name in ["norm_f", "layers.0.residual"] {
        plan.headName = name
        let refused = try refusal { try export(isHidden: true) }
        #expect(refused.status == .badData)
        #expect(
          refused.text == """
            error[bad-plan]: \(name): the instruction writes rows of 20, where the residual stream has rows of 16 for every \
            token
              hint: the plan was not made by this tool; leave out --hidden
            """)
        #expect(!FileManager.default.fileExists(atPath: output))
        try export(isHidden: false)
        try FileManager.default.removeItem(atPath: output)
      }
    }
  }
}
