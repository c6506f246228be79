import Digests
import Testing

@Suite struct BLAKE2bTests {
  private func hex(_ bytes: [UInt8]) -> String {
    bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }

  /// The example of RFC 7693, appendix A.
  @Test func theExampleOfTheStandard() {
    var hasher = BLAKE2bHasher()
    hasher.update(Array("abc".utf8))
    #expect(
      hex(hasher.finalize())
        == "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
        + "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923")
  }

  /// Digests by Python's hashlib of bytes 3, 10, 17, …; the first half of each.
  @Test(arguments: [
    (0, "786a02f742015903c6c6fd852552d272912f4740e15847618a86e217f71f5419"),
    (1, "4fe4da61bcc756071b226843361d74944c72245d23e8245ea678c13fdcd7fe2a"),
    (63, "70b2a0e6daecac22c7a2df82c06e3fc0b4c66bd5ef8098e4ed54e723b393d79e"),
    (64, "3db7bb5c40745f0c975ac6bb8578f590e2cd2cc1fc6d13533ef725325c9fddff"),
    (127, "71546bbf9110ad184cc60f2eb120fcfd9b4dbbca7a7f1270045b8a23a6a4f433"),
    (128, "2d9e329f42afa3601d646692b81c13e87fcaff5bf15972e9813d7373cb6d181f"),
    (129, "47889df9eb4d717afc5019df5c6a83df00a0b8677395e078cd5778ace0f338a6"),
    (255, "1a5199ac66a00e8a87ad1c7fbad30b33137dd8312bf6d98602dacf8f40ea2cb6"),
    (256, "91019c558584980249ca43eceed27e19f1c3c24161b93eed1eee2a6a774f60bf"),
    (257, "9f1975efca45e7b74b020975d4d2c22802906ed8bfefca51ac497bd23147fc8f"),
    (1000, "4bdd2c9cf31d797a81d245c989ffb7515143ca345c66f73087dd5c58bf642bf0"),
  ])
  func otherLengths(count: Int, beginning: String) {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ 3) }
    for size in [1, 37, 127, 128, 129, 1000] {
      var hasher = BLAKE2bHasher()
      for start in stride(from: 0, to: count, by: size) {
        hasher.update(Array(bytes[start..<min(start + size, count)]))
      }
      #expect(hex(hasher.finalize()).hasPrefix(beginning))
    }
  }

  @Test func shorterDigestsAreDifferentDigests() {
    var hasher = BLAKE2bHasher(byteCount: 32)
    hasher.update(Array("abc".utf8))
    #expect(
      hex(hasher.finalize()) == "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319")
  }
}
