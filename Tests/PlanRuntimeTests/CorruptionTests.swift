import PlanFormat
import PlanRuntime
import Testing

/// Every word of every record set to awkward values: refused, or run without harm.
@Suite(.serialized)
struct CorruptionTests {
  /// Runs a plan that was accepted, as far as the system gives the memory it asks for.
  private func run(_ plan: Plan) throws {
    let options = ContextOptions(rowCapacity: 3, logitRowCapacity: 2, threads: 1)
    guard let context = try? Context(plan: plan, options: options) else { return }
    try context.prefill([0, UInt32(plan.vocabulary - 1), 0, 0])
    _ = try context.logits(rows: [0])
  }

  /// The file with a word of four bytes replaced, and the checksum made right again.
  private func bytes(_ original: [UInt8], at offset: Int, _ word: UInt32) -> [UInt8] {
    var bytes = original
    bytes.replaceSubrange(offset..<(offset + 4), with: littleEndian(word))
    guard offset < 640 else { return bytes }
    bytes.replaceSubrange(28..<32, with: littleEndian(0))
    bytes.replaceSubrange(28..<32, with: littleEndian(checksum(bytes[..<640])))
    return bytes
  }

  /// CRC-32C by its definition, written apart from the one under test.
  private func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var rest: UInt32 = .max
    for byte in bytes {
      for bit in 0..<8 {
        let isSet = (rest ^ UInt32(byte >> bit)) & 1 == 1
        rest = rest >> 1 ^ (isSet ? 0x82F6_3B78 : 0)
      }
    }
    return ~rest
  }

  @Test
  func theChecksumIsTheCastagnoliOne() throws {
    #expect(checksum(Array("123456789".utf8)[...]) == 0xE306_9283)
    let original = try MadePlan.bytes(.float)
    #expect(bytes(original, at: 636, 0) == original)
  }

  @Test(arguments: MadePlan.Kind.allCases)
  func everyWordOfEveryRecord(_ kind: MadePlan.Kind) throws {
    let original = try MadePlan.bytes(kind)
    let plan = try Plan(bytes: original)
    try run(plan)
    let end = plan.view.range(of: .weights).lowerBound
    var (accepted, refused) = (0, 0)
    for offset in stride(from: 0, to: end, by: 4) {
      let old = (0..<4).reduce(UInt32(0)) { $0 | UInt32(original[offset + $1]) << (8 * UInt32($1)) }
      let words: Set<UInt32> = [
        0, 1, 3, 16, 64, 65536, .max, .max - 1, 1 << 31, (1 << 31) - 1, 0x7F80_0000, old &+ 1, old &- 1,
        old &* 2,
        old ^ 1 << 16,
      ]
      for word in words.sorted() where word != old {
        guard let changed = try? Plan(bytes: bytes(original, at: offset, word)) else {
          refused += 1
          continue
        }
        accepted += 1
        try run(changed)
      }
    }
    #expect(accepted > 100 && refused > accepted)
  }

  @Test
  func everyBitOfTheRecords() throws {
    let original = try MadePlan.bytes(.int8)
    let plan = try Plan(bytes: original)
    let end = plan.view.range(of: .strings).lowerBound
    for bit in (640 * 8)..<(end * 8) {
      var flipped = original
      flipped[bit / 8] ^= 1 << (bit % 8)
      if let changed = try? Plan(bytes: flipped) { try run(changed) }
    }
  }

  @Test
  func everyTruncation() throws {
    let original = try MadePlan.bytes(.int8)
    for length in 0..<original.count {
      #expect(throws: PlanLoadError.self) { try Plan(bytes: Array(original[..<length])) }
    }
  }
}
