/// What is wrong with a key or a signature.
public enum MinisignError: Error, Equatable, Sendable {
  /// The text is not of the form; what is expected.
  case form(String)
  /// The secret key is encrypted with a password.
  case encrypted
  /// The parts of a secret key do not belong together.
  case damagedKey
  /// The signature was made with another key; identifiers in hexadecimal.
  case otherKey(signature: String, key: String)
  /// The signature does not belong to these bytes.
  case wrongSignature
  /// The trusted comment was changed, or belongs to another signature.
  case wrongComment
}

extension MinisignError: CustomStringConvertible {
  /// What is wrong, as one sentence.
  public var description: String {
    switch self {
    case .form(let expected): "expected \(expected)"
    case .encrypted: "the secret key is protected by a password"
    case .damagedKey: "the parts of the secret key do not belong together"
    case .otherKey(let signature, let key): "the signature is by key \(signature), not by \(key)"
    case .wrongSignature: "the signature does not belong to this content: one of them was changed or swapped"
    case .wrongComment: "the trusted comment was changed, or belongs to another signature"
    }
  }
}
