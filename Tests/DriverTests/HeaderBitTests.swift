import Passes
import PlanFormat
import PlanRuntime
import Testing

/// Any changed bit of what describes a plan is found when the plan is loaded.
@Suite
struct HeaderBitTests {
  /// Bytes of header and section table.
  private static let described = 64 + SectionKind.allCases.count * 64

  private func bytes(of plan: Plan) -> [UInt8] { Array(plan.view.memory) }

  @Test
  func everyBitOfHeaderAndSectionTable() throws {
    var bytes = bytes(of: try compiledPlan(Fixtures.model("mamba-f16-untied"), .quambaChannel))
    var codes: [Int32: Int] = [:]
    for bit in 0..<(Self.described * 8) {
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      do throws(PlanLoadError) {
        _ = try Plan(bytes: bytes)
        Issue.record("bit \(bit % 8) of byte \(bit / 8) can be changed")
      } catch {
        codes[error.exitCode, default: 0] += 1
      }
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
    }
    _ = try Plan(bytes: bytes)
    // Version: 32 bits, of which two make 1.3 to 1.2 and to 1.1, which are read; required features: 32 bits.
    #expect(codes == [76: 30, 69: 32, 65: Self.described * 8 - 62])
  }

  @Test
  func everyByteOfThePadding() throws {
    var bytes = bytes(of: try compiledPlan(Fixtures.model("mamba-f16-untied"), .quamba))
    let plan = try Plan(bytes: bytes)
    let ranges = SectionKind.allCases.map { plan.view.range(of: $0) }
    for (range, next) in zip(ranges, ranges.dropFirst()) {
      for offset in range.upperBound..<next.lowerBound {
        bytes[offset] = 1
        #expect(throws: PlanLoadError.self) { try Plan(bytes: bytes) }
        bytes[offset] = 0
      }
    }
  }
}
