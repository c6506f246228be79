internal import Crypto

/// Signatures by Ed25519 (RFC 8032), keys and signatures as bytes.
public enum Ed25519 {
  /// A new secret seed of 32 random bytes.
  public static func makeSeed() -> [UInt8] { Array(Curve25519.Signing.PrivateKey().rawRepresentation) }

  /// The public key of a seed, 32 bytes; nil for a seed of another length.
  public static func publicKey(seed: [UInt8]) -> [UInt8]? {
    key(seed).map { Array($0.publicKey.rawRepresentation) }
  }

  /// The signature of a message, 64 bytes; nil for a seed of another length than 32.
  public static func sign(_ message: [UInt8], seed: [UInt8]) -> [UInt8]? {
    key(seed).flatMap { try? Array($0.signature(for: message)) }
  }

  /// Whether a signature was made of this message with the secret half of this public key.
  public static func isValid(_ signature: [UInt8], of message: [UInt8], publicKey: [UInt8]) -> Bool {
    guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey) else { return false }
    return key.isValidSignature(signature, for: message)
  }

  private static func key(_ seed: [UInt8]) -> Curve25519.Signing.PrivateKey? {
    try? Curve25519.Signing.PrivateKey(rawRepresentation: seed)
  }
}
