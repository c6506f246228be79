import Backend
import CKernels
import Foundation
import IR
import JSONText
import Testing

/// Weights of four bits against an independent computation (Tests/Oracles/group_weights.py).
@Suite("four-bit weights", .serialized)
struct GroupedCodesTests {
  private struct Expected {
    let codes: [Int8]
    let factors: [UInt8]
    let scales: [Float]

    init(_ json: JSONCursor) throws {
      codes = try json["codes"].array().map { try Int8($0.int()) }
      factors = try json["factors"].array().map { try UInt8($0.int()) }
      scales = try json["scales"].array().map { try Float($0.double()) }
    }
  }

  private static func cases() throws -> [JSONCursor] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let data = try Data(contentsOf: root.appending(path: "Oracles/expected/group_weights.json"))
    return try JSONCursor(try JSONText.parse([UInt8](data))).array()
  }

  /// The Gram matrix of a case's inputs, above and on the diagonal.
  private static func gram(_ item: JSONCursor, width: Int) throws -> [Int64] {
    let inputs = try item["inputs"].array().map { try Int64($0.int()) }
    var gram = [Int64](repeating: 0, count: width * width)
    for row in stride(from: 0, to: inputs.count, by: width) {
      for i in 0..<width {
        for j in i..<width { gram[i * width + j] += inputs[row + i] * inputs[row + j] }
      }
    }
    return gram
  }

  @Test("codes, factors and scales are those of numpy, nearest and by GPTQ, for any instruction set")
  func codes() throws {
    let cases = try Self.cases()
    #expect(cases.count == 4)
    defer { qk_testing_force_helpers(QK_ISA_COUNT) }
    for isa in (0..<QK_ISA_COUNT.rawValue).map({ qk_isa(rawValue: $0) }) where qk_isa_supported(isa) {
      qk_testing_force_helpers(isa)
      for item in cases {
        let width = try item["width"].int()
        let weights = try item["weights"].array().map { try Float($0.double()) }
        let clip = try #require(Clip(try item["clip"].string()))
        let feedback = try ErrorFeedback(gram: Self.gram(item, width: width), width: width, threads: 2)
        for (name, feedback) in [("nearest", nil), ("gptq", feedback)] {
          let found = GroupedCodes.codes(of: weights, width: width, clip: clip, feedback: feedback)
          let expected = try Expected(item[name])
          #expect(found.factors == expected.factors, "\(name) of \(width)")
          #expect(found.codes == expected.codes, "\(name) of \(width)")
          let error = zip(found.units, expected.scales).map { abs($0 / $1 - 1) }.max() ?? 1
          #expect(error < 2e-7, "\(name) of \(width)")
        }
      }
    }
  }
}
