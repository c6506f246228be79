import Digests

extension FuzzTarget {
  /// Reads bytes as a signature and as keys; what is accepted must survive writing and reading, and prove nothing.
  static func readMinisign(_ bytes: [UInt8]) -> Bool {
    var accepted = false
    if let signature = try? MinisignSignature(parsing: bytes) {
      let again = try? MinisignSignature(parsing: Array(signature.text.utf8))
      precondition(again == signature, "a signature does not survive writing and reading")
      accepted = true
    }
    if let key = try? MinisignPublicKey(parsing: bytes) {
      let again = try? MinisignPublicKey(parsing: Array(key.text.utf8))
      precondition(again == key, "a public key does not survive writing and reading")
      accepted = true
    }
    if let key = try? MinisignSecretKey(parsing: bytes) {
      let again = try? MinisignSecretKey(parsing: Array(key.text.utf8))
      precondition(again?.publicKey == key.publicKey, "a secret key does not survive writing and reading")
      accepted = true
    }
    return accepted
  }
}
