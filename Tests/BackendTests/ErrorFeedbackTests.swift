import Backend
import CKernels
import Diagnostics
import Foundation
import JSONText
import Testing

/// GPTQ against an independent computation (Tests/Oracles/gptq.py).
@Suite("GPTQ", .serialized)
struct ErrorFeedbackTests {
  private struct Case {
    let outputs, width: Int
    let weights, scales: [Float]
    let gram: [Int64]
    let codes: [Int8]

    init(_ json: JSONCursor) throws {
      (outputs, width) = (try json["outputs"].int(), try json["width"].int())
      weights = try json["weights"].array().map { try Float($0.double()) }
      scales = try json["scales"].array().map { try Float($0.double()) }
      codes = try json["codes"].array().map { try Int8($0.int()) }
      let inputs = try json["inputs"].array().map { try Int64($0.int()) }
      gram = Self.gram(inputs, width: width)
    }

    /// Only the upper triangle is filled.
    private static func gram(_ inputs: [Int64], width: Int) -> [Int64] {
      var gram = [Int64](repeating: 0, count: width * width)
      for row in stride(from: 0, to: inputs.count, by: width) {
        for i in 0..<width {
          for j in i..<width { gram[i * width + j] += inputs[row + i] * inputs[row + j] }
        }
      }
      return gram
    }
  }

  private static func cases() throws -> [Case] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let data = try Data(contentsOf: root.appending(path: "Oracles/expected/gptq.json"))
    return try JSONCursor(try JSONText.parse([UInt8](data))).array().map(Case.init)
  }

  @Test("codes are those of numpy, for any number of threads and any instruction set")
  func codes() throws {
    let cases = try Self.cases()
    #expect(cases.count == 4)
    defer { qk_testing_force_helpers(QK_ISA_COUNT) }
    for isa in (0..<QK_ISA_COUNT.rawValue).map({ qk_isa(rawValue: $0) }) where qk_isa_supported(isa) {
      qk_testing_force_helpers(isa)
      for item in cases {
        for threads in 1...3 {
          let feedback = try ErrorFeedback(gram: item.gram, width: item.width, threads: threads)
          #expect(feedback.codes(of: item.weights, scales: item.scales) == item.codes)
        }
      }
    }
  }

  @Test("inputs that were always zero leave the nearest codes")
  func dead() throws {
    let item = try #require(try Self.cases().last)
    let gram = [Int64](repeating: 0, count: item.width * item.width)
    let nearest = item.weights.enumerated().map { index, weight in
      Int8(min(max(weight / item.scales[index / item.width], -127), 127).rounded(.toNearestOrEven))
    }
    #expect(nearest != item.codes)
    let feedback = try ErrorFeedback(gram: gram, width: item.width, threads: 2)
    #expect(feedback.codes(of: item.weights, scales: item.scales) == nearest)
  }

  @Test("a matrix that is no sum of squares is refused")
  func impossible() {
    #expect(throws: DiagnosticFailure.self) {
      try ErrorFeedback(gram: [1, 5, 0, 1], width: 2, threads: 1)
    }
  }
}
