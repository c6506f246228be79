/// A secret key in the format of minisign, without a password (its option `-W`).
public struct MinisignSecretKey: Sendable {
  /// Algorithm, password function (none), checksum function; then the function's salt and limits.
  private static let head = Array("Ed\0\0B2".utf8)
  private static let passwordBytes = 48
  private static let byteCount = 158

  /// The public half.
  public let publicKey: MinisignPublicKey
  private let seed: [UInt8]

  /// Makes a new key.
  public init() {
    seed = Ed25519.makeSeed()
    let identifier = (0..<8).map { _ in UInt8.random(in: .min ... .max) }
    publicKey = MinisignPublicKey(identifier: identifier, key: Ed25519.publicKey(seed: seed) ?? [])
  }

  /// Reads a secret key file.
  /// - Throws: `MinisignError`; `encrypted` for one that needs a password.
  public init(parsing text: [UInt8]) throws(MinisignError) {
    let parts = try MinisignLines.parse(text, [(MinisignLines.untrusted, Self.byteCount)], "a secret key")
    let bytes = parts[0].bytes
    guard bytes[0..<2].elementsEqual(Self.head[0..<2]), bytes[4..<6].elementsEqual(Self.head[4..<6]) else {
      throw .form("an Ed25519 secret key")
    }
    guard bytes[2..<4].elementsEqual(Self.head[2..<4]) else { throw .encrypted }
    let keys = Array(bytes[(Self.head.count + Self.passwordBytes)...])
    let (identifier, seed, key) = (Array(keys[0..<8]), Array(keys[8..<40]), Array(keys[40..<72]))
    let checksum = Array(keys[72...])
    var hasher = BLAKE2bHasher(byteCount: 32)
    hasher.update(MinisignPublicKey.algorithm + keys[0..<72])
    guard Ed25519.publicKey(seed: seed) == key,
      checksum.allSatisfy({ $0 == 0 }) || checksum == hasher.finalize()
    else { throw .damagedKey }
    self.seed = seed
    publicKey = MinisignPublicKey(identifier: identifier, key: key)
  }

  /// The key file; it is a secret.
  ///
  /// minisign leaves the checksum of a key without a password zero.
  public var text: String {
    let password = [UInt8](repeating: 0, count: Self.passwordBytes)
    let keys = publicKey.identifier + seed + publicKey.key + [UInt8](repeating: 0, count: 32)
    return """
      \(MinisignLines.untrusted)minisign secret key \(publicKey.name), without a password
      \(Base64.encode(Self.head + password + keys))

      """
  }

  /// Signs the BLAKE2b-512 digest of content.
  /// - Parameters:
  ///   - digest: 64 bytes.
  ///   - comment: one line that the signature covers too.
  /// - Throws: `MinisignError.form` for a comment of several lines or with control characters.
  public func sign(digest: [UInt8], comment: String) throws(MinisignError) -> MinisignSignature {
    guard MinisignLines.isPlain(comment) else { throw .form("a comment of one line of plain text") }
    guard let signature = Ed25519.sign(digest, seed: seed),
      let whole = Ed25519.sign(signature + Array(comment.utf8), seed: seed)
    else { throw .damagedKey }
    return MinisignSignature(
      isPrehashed: true, identifier: publicKey.identifier, signature: signature, comment: comment,
      commentSignature: whole)
  }
}
