import PlanFormat
import Testing

@Suite
struct SpecTests {
  @Test(arguments: Opcode.allCases)
  func aSpecIsConsistent(_ opcode: Opcode) {
    let spec = opcode.spec
    #expect(spec.opcode == opcode && spec.name == "\(opcode)")
    #expect(spec.summary.hasSuffix("."))
    #expect(spec.words.count <= Instruction.wordCount)
    #expect(Set(spec.words.map(\.field)).count == spec.words.count)
    #expect(spec.words.contains { $0.kind.isOutput })
  }

  @Test
  func theListingNamesEverything() throws {
    let bytes = try SmallPlan().bytes()
    var lines: [String] = []
    try bytes.withUnsafeBytes { disassemble(try PlanView(verifying: $0)) { lines.append($0) } }
    #expect(lines[0].hasPrefix("plan 1.3: vocabulary 19, width 24, layers 1, arena 768 + 256 bytes a row"))
    #expect(lines.contains("section model at 640, 64 bytes"))
    #expect(lines.contains("  0 @scale:vector f32[1] at 3072, 64 bytes"))
    #expect(lines.contains("  1 %normed:i8[24] body + 128"))
    #expect(
      lines.contains(
        "  1 body norm \"norm\" input=%residual:f32[24], gain=@gain:vector f32[24], epsilon=1e-05, "
          + "inverse=@scale:vector f32[1], output=%normed:i8[24]"))
    #expect(lines.contains { $0.contains("accumulate=yes, output=%residual:f32[24]") })
    #expect(lines.contains { $0.contains("state=+128") })
    #expect(lines.contains { $0.contains("order=12, block=24") })
  }

  @Test
  func constantsHaveTheLengthOfTheirDimensions() {
    func length(_ type: ElementType, _ layout: ConstantLayout, _ d0: UInt32, _ d1: UInt32 = 0) -> UInt64? {
      Constant(name: StringID(0), type: type, layout: layout, d0: d0, d1: d1).byteCount
    }
    #expect(length(.f32, .vector, 1) == 64)
    #expect(length(.i32, .vector, 17) == 128)
    #expect(length(.bf16, .rowMajor, 3, 5) == 30)
    #expect(length(.i8, .panelsInt8, 17, 5) == 32 * 8)
    #expect(length(.i4, .panelsInt4, 17, 9) == 32 * 16 / 2)
    #expect(length(.i8, .groupFactors, 17, 3) == 32 * 3)
    #expect(length(.f16, .panelsFloat, 17, 5) == 32 * 5 * 2)
    #expect(length(.f32, .taps, 4, 17) == 4 * 32 * 4)
    #expect(length(.f32, .channelBlocks, 17, 3) == 2 * 3 * 64)
    #expect(length(.f32, .panelsFloat, .max, .max) == nil)
  }
}
