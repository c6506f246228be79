import Digests
import Testing

/// Keys and signatures of "hello\n" that minisign 0.11 made.
@Suite struct MinisignTests {
  private static let content = Array("hello\n".utf8)
  private static let secret = """
    untrusted comment: minisign encrypted secret key
    RWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA4CVdXH732FKgKDrIvq4PqHccr0U8sjxxmRjCET8bSgmNlEdbG5Llodc7WmGcvxML7xwY1c5KVaMFYN8jBzKB0RP8qDChvwjDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=

    """
  private static let open = """
    untrusted comment: minisign public key 52D8F77E5C5D25E0
    RWTgJV1cfvfYUtc7WmGcvxML7xwY1c5KVaMFYN8jBzKB0RP8qDChvwjD

    """
  private static let signature = """
    untrusted comment: signature from minisign secret key
    RUTgJV1cfvfYUuCkg9/cNdFfdT0++D9NfTer6HSBL+WR89B6QYv/74RT9qBrxKsdK3IcVYrxTpMg1oI2yQpBc+Fl4aHGJEgVqg4=
    trusted comment: timestamp:1795461593	file:f	hashed
    jcznEOM0cywgtM3QQSP3vjbMsyCVIB8wSPpaVYAuJstSmfBlay8lUmRuqAW9Oa885iIhgd1tM2/7/0wFJP9ACA==

    """
  private static let legacy = """
    untrusted comment: signature from minisign secret key
    RWTgJV1cfvfYUnwusuU737mQz+q8WoFdxt9InbZEKfJjYCH0HV2v//rpSn+IdP/1N3traSScN8mFw4vmq0E7eoG7XtSXVLtuJAk=
    trusted comment: timestamp:1795461593	file:f
    /6A0tzVZTBuTQPVUpusBNLz/OB/lUtF88hmiRuKX+e4V4UPOFJwmq/WgGCdG+Tme2UXu/xjx1BfDdJKuMAXQDQ==

    """

  private func key() throws -> MinisignPublicKey { try MinisignPublicKey(parsing: Array(Self.open.utf8)) }

  private func digest(_ bytes: [UInt8] = content) -> [UInt8] {
    var hasher = BLAKE2bHasher()
    hasher.update(bytes)
    return hasher.finalize()
  }

  /// The text with one line replaced.
  private func text(_ text: String, line: Int, _ change: (String) -> String) -> [UInt8] {
    var lines = text.split(separator: "\n").map(String.init)
    lines[line] = change(lines[line])
    return Array((lines.joined(separator: "\n") + "\n").utf8)
  }

  @Test func theirsAreRead() throws {
    let key = try key()
    #expect(key.name == "52D8F77E5C5D25E0" && key.text == Self.open)
    #expect(try MinisignSecretKey(parsing: Array(Self.secret.utf8)).publicKey == key)
    let line = Self.open.split(separator: "\n")[1]
    #expect(try MinisignPublicKey(parsing: Array(line.utf8)) == key)
    let signature = try MinisignSignature(parsing: Array(Self.signature.utf8))
    #expect(signature.isPrehashed && signature.comment.hasSuffix("file:f\thashed"))
    try signature.verify(digest(), key: key)
    let windows = Self.signature.split(separator: "\n").joined(separator: "\r\n")
    #expect(try MinisignSignature(parsing: Array(windows.utf8)) == signature)
    let legacy = try MinisignSignature(parsing: Array(Self.legacy.utf8))
    #expect(!legacy.isPrehashed)
    try legacy.verify(Self.content, key: key)
  }

  @Test func oursAreTheSameAsTheirs() throws {
    let theirs = try MinisignSignature(parsing: Array(Self.signature.utf8))
    let secret = try MinisignSecretKey(parsing: Array(Self.secret.utf8))
    let ours = try secret.sign(digest: digest(), comment: theirs.comment)
    #expect(ours == theirs)
    #expect(ours.text.split(separator: "\n")[1...] == Self.signature.split(separator: "\n")[1...])
    #expect(try MinisignSignature(parsing: Array(ours.text.utf8)) == ours)
  }

  @Test func newKeysSign() throws {
    let (first, second) = (MinisignSecretKey(), MinisignSecretKey())
    #expect(first.publicKey != second.publicKey)
    let read = try MinisignSecretKey(parsing: Array(first.text.utf8))
    #expect(read.publicKey == first.publicKey)
    let signature = try read.sign(digest: digest(), comment: "é, and a\ttab")
    try signature.verify(digest(), key: first.publicKey)
    #expect(throws: MinisignError.otherKey(signature: first.publicKey.name, key: second.publicKey.name)) {
      try signature.verify(digest(), key: second.publicKey)
    }
    for comment in ["two\nlines", "\u{1B}[31m", String(repeating: "x", count: 8193)] {
      #expect(throws: MinisignError.self) { try read.sign(digest: digest(), comment: comment) }
    }
  }

  @Test func changedContent() throws {
    let signature = try MinisignSignature(parsing: Array(Self.signature.utf8))
    #expect(throws: MinisignError.wrongSignature) {
      try signature.verify(digest(Array("hellp\n".utf8)), key: try key())
    }
    let legacy = try MinisignSignature(parsing: Array(Self.legacy.utf8))
    #expect(throws: MinisignError.wrongSignature) { try legacy.verify(digest(), key: try key()) }
  }

  @Test func changedComment() throws {
    let changed = text(Self.signature, line: 2) { $0.replacing("file:f", with: "file:g") }
    let signature = try MinisignSignature(parsing: changed)
    #expect(throws: MinisignError.wrongComment) { try signature.verify(digest(), key: try key()) }
    let untrusted = text(Self.signature, line: 0) { $0 + ", changed" }
    try MinisignSignature(parsing: untrusted).verify(digest(), key: try key())
  }

  /// Any one changed byte of the lines that count is noticed.
  @Test func everyByteOfASignature() throws {
    let bytes = Array(Self.signature.utf8)
    let start = try #require(bytes.firstIndex(of: 10)) + 1
    for place in start..<(bytes.count - 1) {
      for byte: UInt8 in [bytes[place] ^ 1, bytes[place] ^ 32, 10, 61, 65, 0xFF] where byte != bytes[place] {
        var changed = bytes
        changed[place] = byte
        guard let signature = try? MinisignSignature(parsing: changed) else { continue }
        #expect(throws: MinisignError.self, "byte \(place)") {
          try signature.verify(signature.isPrehashed ? digest() : Self.content, key: try key())
        }
      }
    }
  }

  @Test func everyTruncation() {
    let bytes = Array(Self.signature.utf8)
    for count in 0..<(bytes.count - 1) {
      #expect(throws: MinisignError.self) { try MinisignSignature(parsing: Array(bytes[..<count])) }
    }
  }

  @Test func keysThatCannotBeUsed() throws {
    let encrypted = text(Self.secret, line: 1) { $0.replacing("RWQAAEIy", with: "RWRTY0Iy") }
    #expect(throws: MinisignError.encrypted) { try MinisignSecretKey(parsing: encrypted) }
    let damaged = text(Self.secret, line: 1) { line in
      let middle = line.index(line.startIndex, offsetBy: 90)
      return line.replacingCharacters(middle, line[middle] == "A" ? "B" : "A")
    }
    #expect(throws: MinisignError.damagedKey) { try MinisignSecretKey(parsing: damaged) }
    for bytes in [[], Array("RWT".utf8), Array(Self.secret.utf8), [0xFF, 10, 0xFF]] {
      #expect(throws: MinisignError.self) { try MinisignPublicKey(parsing: bytes) }
    }
    #expect(throws: MinisignError.self) { try MinisignSecretKey(parsing: Array(Self.open.utf8)) }
    #expect("\(MinisignError.encrypted)".contains("password"))
  }
}

extension String {
  fileprivate func replacingCharacters(_ place: Index, _ character: Character) -> String {
    String(self[..<place]) + String(character) + String(self[index(after: place)...])
  }
}

@Suite struct Ed25519Tests {
  /// The first example of RFC 8032.
  @Test func theExampleOfTheStandard() throws {
    let seed = try #require(
      SHA256Digest(hex: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
    let key = try #require(
      SHA256Digest(hex: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"))
    #expect(Ed25519.publicKey(seed: seed.bytes) == key.bytes)
    let signature = try #require(Ed25519.sign([], seed: seed.bytes))
    let halves = [signature[..<32], signature[32...]].map { SHA256Digest(bytes: Array($0))?.hex }
    #expect(
      halves == [
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155",
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
      ])
    #expect(Ed25519.isValid(signature, of: [], publicKey: key.bytes))
    #expect(!Ed25519.isValid(signature, of: [1], publicKey: key.bytes))
    #expect(!Ed25519.isValid([], of: [], publicKey: key.bytes))
    #expect(!Ed25519.isValid(signature, of: [], publicKey: []))
    #expect(Ed25519.sign([], seed: [1]) == nil && Ed25519.publicKey(seed: []) == nil)
  }
}
