internal import Crypto

/// SHA-256 over bytes that arrive in pieces.
public struct SHA256Hasher {
  private var state = SHA256()

  /// Starts the digest of no bytes.
  public init() {}

  /// Appends bytes to what is digested.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    unsafe state.update(bufferPointer: bytes)
  }

  /// Appends bytes to what is digested.
  public mutating func update(_ bytes: [UInt8]) {
    unsafe bytes.withUnsafeBytes { unsafe update($0) }
  }

  /// Gives the digest of everything appended so far; more may be appended afterwards.
  public func finalize() -> SHA256Digest {
    SHA256Digest(checked: Array(state.finalize()))
  }
}
