import Digests
import Glibc
import Testing

@Suite struct DigestsTests {
  /// The examples of FIPS 180-4.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func knownDigests(text: String, hex: String) {
    #expect(Digests.sha256(Array(text.utf8)).hex == hex)
  }

  @Test func piecesGiveTheDigestOfTheWhole() {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    for size in [1, 15, 63, 64, 65, 999] {
      var hasher = SHA256Hasher()
      for start in stride(from: 0, to: bytes.count, by: size) {
        hasher.update(Array(bytes[start..<min(start + size, bytes.count)]))
      }
      #expect(hasher.finalize() == Digests.sha256(bytes))
    }
  }

  @Test func finalizeLeavesTheHasherOpen() {
    var hasher = SHA256Hasher()
    hasher.update(Array("ab".utf8))
    _ = hasher.finalize()
    hasher.update(Array("c".utf8))
    #expect(hasher.finalize() == Digests.sha256(Array("abc".utf8)))
  }

  @Test(arguments: [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1])
  func filesAreDigestedWhole(count: Int) throws {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    var template = Array("digests-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    let path = String(decoding: template.dropLast().map { UInt8(truncatingIfNeeded: $0) }, as: UTF8.self)
    defer { unlink(path) }
    #expect(bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) } == count)
    close(descriptor)
    #expect(try Digests.sha256(fileAt: path) == Digests.sha256(bytes))
  }

  @Test func filesThatCannotBeReadAreErrors() {
    #expect(throws: DigestError.cannotOpen(path: "no/such/file", errno: ENOENT)) {
      try Digests.sha256(fileAt: "no/such/file")
    }
    #expect(throws: DigestError.notAFile(path: ".")) { try Digests.sha256(fileAt: ".") }
    let description = DigestError.cannotOpen(path: "a", errno: ENOENT).description
    #expect(description == "cannot open a: No such file or directory")
  }

  @Test func pipesAreNotWaitedFor() {
    let path = "pipe-\(UInt64.random(in: .min ... .max))"
    #expect(mkfifo(path, 0o600) == 0)
    defer { unlink(path) }
    #expect(throws: DigestError.notAFile(path: path)) { try Digests.sha256(fileAt: path) }
    #expect(throws: DigestError.notAFile(path: path)) { try Digests.blake2b(fileAt: path) }
  }

  @Test func digestsStopWhenAsked() {
    #expect(throws: DigestError.stopped(path: "/proc/self/exe")) {
      try Digests.blake2b(fileAt: "/proc/self/exe", shouldStop: { true })
    }
  }

  @Test func hexadecimalIsReadBack() {
    let digest = Digests.sha256([])
    #expect(SHA256Digest(hex: digest.hex) == digest)
    #expect(SHA256Digest(hex: digest.hex.uppercased()) == digest)
    #expect(SHA256Digest(bytes: digest.bytes) == digest)
    #expect("\(digest)" == digest.hex)
    for bad in [
      "", "e3", digest.hex + "0", String(digest.hex.dropLast()) + "g", "é" + digest.hex.dropFirst(2),
    ] {
      #expect(SHA256Digest(hex: bad) == nil)
    }
    #expect(SHA256Digest(bytes: [1]) == nil)
  }
}
