import IR
import Testing

/// Damaged texts are refused or are modules; none stops the process.
@Suite struct HostileTextTests {
  static let sample = [Op.linearInt8, .constant, .requantizeMultiplier, .selectiveScan, .hadamard].map {
    Array(OpExamples.example(of: $0).text.utf8)
  }

  @Test(arguments: sample) func truncations(_ text: [UInt8]) {
    for length in text.indices { tryParsing(text[..<length]) }
  }

  @Test(arguments: sample) func corruptions(_ text: [UInt8]) {
    for index in text.indices {
      for byte: UInt8 in [
        0x00, 0x09, 0x0A, 0x0D, 0x20, 0x22, 0x24, 0x25, 0x2D, 0x30, 0x39, 0x5D, 0x61, 0x80, 0xFF,
      ] {
        var damaged = text
        damaged[index] = byte
        tryParsing(damaged[...])
      }
    }
  }

  /// A text that parses must print to a text that parses to the same module.
  private func tryParsing(_ bytes: ArraySlice<UInt8>) {
    guard let module = try? Module(parsing: String(decoding: bytes, as: UTF8.self)) else { return }
    #expect((try? Module(parsing: module.text)) == module, "\(String(decoding: bytes, as: UTF8.self))")
  }
}
