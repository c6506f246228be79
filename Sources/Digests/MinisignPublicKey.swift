/// A public key in the format of minisign.
public struct MinisignPublicKey: Equatable, Sendable {
  static let algorithm = Array("Ed".utf8)
  static let byteCount = 42

  /// Eight bytes that tell keys apart.
  let identifier: [UInt8]
  /// The key, 32 bytes.
  let key: [UInt8]

  init(identifier: [UInt8], key: [UInt8]) {
    self.identifier = identifier
    self.key = key
  }

  /// Reads a public key file, or the line of base64 alone.
  /// - Throws: `MinisignError.form`.
  public init(parsing text: [UInt8]) throws(MinisignError) {
    if let bytes = Base64.decode(text) {
      try self.init(bytes: bytes)
    } else {
      let parts = try MinisignLines.parse(text, [(MinisignLines.untrusted, Self.byteCount)], "a public key")
      try self.init(bytes: parts[0].bytes)
    }
  }

  private init(bytes: [UInt8]) throws(MinisignError) {
    guard bytes.count == Self.byteCount, bytes.starts(with: Self.algorithm) else {
      throw .form("an Ed25519 public key")
    }
    self.init(identifier: Array(bytes[2..<10]), key: Array(bytes[10...]))
  }

  /// The identifier in hexadecimal, as minisign shows it.
  public var name: String { Self.name(identifier) }

  /// The key file.
  public var text: String {
    """
    \(MinisignLines.untrusted)minisign public key \(name)
    \(Base64.encode(Self.algorithm + identifier + key))

    """
  }

  static func name(_ identifier: [UInt8]) -> String {
    let digits = String(identifier.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits.uppercased()
  }
}
