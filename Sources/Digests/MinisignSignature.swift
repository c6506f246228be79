/// A detached signature in the format of minisign.
public struct MinisignSignature: Equatable, Sendable {
  private static let prehashed = Array("ED".utf8)
  private static let byteCount = 74

  /// Whether the digest of the content was signed, or the content itself, as old versions of minisign did.
  public let isPrehashed: Bool
  /// The line that the signature covers too.
  public let comment: String
  private let identifier: [UInt8]
  private let signature: [UInt8]
  private let commentSignature: [UInt8]

  init(
    isPrehashed: Bool, identifier: [UInt8], signature: [UInt8], comment: String, commentSignature: [UInt8]
  ) {
    self.isPrehashed = isPrehashed
    self.identifier = identifier
    self.signature = signature
    self.comment = comment
    self.commentSignature = commentSignature
  }

  /// Reads a signature file.
  /// - Throws: `MinisignError.form`.
  public init(parsing text: [UInt8]) throws(MinisignError) {
    let parts = try MinisignLines.parse(
      text, [(MinisignLines.untrusted, Self.byteCount), (MinisignLines.trusted, 64)], "a signature")
    let bytes = parts[0].bytes
    isPrehashed = bytes.starts(with: Self.prehashed)
    guard isPrehashed || bytes.starts(with: MinisignPublicKey.algorithm) else {
      throw .form("an Ed25519 signature")
    }
    identifier = Array(bytes[2..<10])
    signature = Array(bytes[10...])
    comment = parts[1].comment
    commentSignature = parts[1].bytes
  }

  /// The signature file.
  public var text: String {
    """
    \(MinisignLines.untrusted)signature by key \(MinisignPublicKey.name(identifier))
    \(Base64.encode((isPrehashed ? Self.prehashed : MinisignPublicKey.algorithm) + identifier + signature))
    \(MinisignLines.trusted)\(comment)
    \(Base64.encode(commentSignature))

    """
  }

  /// Makes sure that the key made this signature of this message.
  /// - Parameter message: the BLAKE2b-512 digest of the content; the content itself unless `isPrehashed`.
  /// - Throws: `MinisignError` saying what does not fit.
  public func verify(_ message: [UInt8], key: MinisignPublicKey) throws(MinisignError) {
    guard identifier == key.identifier else {
      throw .otherKey(signature: MinisignPublicKey.name(identifier), key: key.name)
    }
    guard Ed25519.isValid(signature, of: message, publicKey: key.key) else { throw .wrongSignature }
    guard Ed25519.isValid(commentSignature, of: signature + Array(comment.utf8), publicKey: key.key) else {
      throw .wrongComment
    }
  }
}
