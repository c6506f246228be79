public import Diagnostics
import Digests
import Files
import Glibc

/// Signatures of plan files: Ed25519, detached, in the format of minisign.
public enum PlanSigning {
  /// What the name of a signature file adds to that of the plan.
  public static let suffix = ".minisig"

  /// Makes a pair of keys, `NAME.key` for its owner's eyes only, and `NAME.pub`; returns the key's identifier.
  /// - Throws: `DiagnosticFailure`; files that exist are left alone.
  public static func generateKeys(_ name: String) throws(DiagnosticFailure) -> String {
    let (secretPath, publicPath) = (name + ".key", name + ".pub")
    for path in [secretPath, publicPath] where InputFile.exists(path) {
      throw DiagnosticFailure(
        .cannotWrite, "the file exists already", at: .file(path),
        hint: "keys are never overwritten; choose another name")
    }
    let key = MinisignSecretKey()
    let secret = try OutputFile(secretPath)
    guard fchmod(secret.descriptor, 0o600) == 0 else { throw secret.failure("protect", errno) }
    try secret.write(Array(key.text.utf8))
    let open = try OutputFile(publicPath)
    try open.write(Array(key.publicKey.text.utf8))
    do throws(DiagnosticFailure) {
      try open.publish()
      try secret.publish()
    } catch {
      // Half a pair is of no use, and would be in the way of the next attempt.
      for path in [secretPath, publicPath] { unlink(path) }
      throw error
    }
    return key.publicKey.name
  }

  /// Signs a plan, which must pass the checks of loading.
  /// - Parameters:
  ///   - keyPath: a secret key without a password.
  ///   - comment: one line that the signature covers too; the plan's name unless given.
  ///   - output: the signature file to write.
  /// - Returns: the key's identifier.
  /// - Throws: `DiagnosticFailure`.
  public static func sign(
    _ path: String, keyPath: String, comment: String?, output: String
  ) throws(DiagnosticFailure) -> String {
    guard !InputFile.isSame(path, output), !InputFile.isSame(keyPath, output) else {
      throw DiagnosticFailure(
        .badOption, "the signature would take the place of what it is made from", at: .option("--output"),
        hint: "name another file")
    }
    let file = try OutputFile(output)
    let key = try secretKey(keyPath)
    _ = try PlanFile.load(path)
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let digest = try digest(of: path)
    let signature: MinisignSignature
    do {
      signature = try key.sign(digest: digest, comment: comment ?? "file:\(name)\thashed")
    } catch {
      throw DiagnosticFailure(.badOption, "\(error)", at: .option("--comment"))
    }
    try file.write(Array(signature.text.utf8))
    try file.publish()
    return key.publicKey.name
  }

  /// Makes sure that a signature of a file was made by a key.
  /// - Parameter key: a public key file, or the key itself in base64.
  /// - Returns: the key's identifier, and the line that the signature covers too.
  /// - Throws: `DiagnosticFailure`: `missing-signature`, `bad-signature` or `bad-key`.
  public static func verify(
    _ path: String, key: String, signaturePath: String
  ) throws(DiagnosticFailure) -> (key: String, comment: String) {
    let key = try publicKey(key)
    guard InputFile.exists(signaturePath) else {
      throw DiagnosticFailure(
        .missingSignature, "the plan has no signature", at: .file(signaturePath),
        hint: "ask the plan's maker for its signature, or name it by --signature")
    }
    let signature = try parse(signaturePath, .badSignature, hint) { bytes throws(MinisignError) in
      try MinisignSignature(parsing: bytes)
    }
    let message = try signature.isPrehashed ? digest(of: path) : InputFile.read(path, limit: 1 << 30)
    do {
      try signature.verify(message, key: key)
    } catch {
      throw DiagnosticFailure(.badSignature, "\(error)", at: .file(signaturePath), hint: hint)
    }
    return (key.name, signature.comment)
  }

  private static let hint = "do not trust the plan, or give the key of who signed it"

  private static func secretKey(_ path: String) throws(DiagnosticFailure) -> MinisignSecretKey {
    let hint = "give a key by 'quamba sign --generate NAME', or by 'minisign -G -W'"
    return try parse(path, .badKey, hint) { bytes throws(MinisignError) in
      try MinisignSecretKey(parsing: bytes)
    }
  }

  /// The key that a path names, or that the text is.
  private static func publicKey(_ key: String) throws(DiagnosticFailure) -> MinisignPublicKey {
    if !InputFile.exists(key), let given = try? MinisignPublicKey(parsing: Array(key.utf8)) { return given }
    return try parse(key, .badKey, "give a public key by minisign or 'quamba sign --generate'") {
      bytes throws(MinisignError) in try MinisignPublicKey(parsing: bytes)
    }
  }

  private static func parse<Value>(
    _ path: String, _ code: DiagnosticCode, _ hint: String,
    _ parse: ([UInt8]) throws(MinisignError) -> Value
  ) throws(DiagnosticFailure) -> Value {
    let bytes = try InputFile.read(path, limit: 1 << 16)
    do {
      return try parse(bytes)
    } catch {
      throw DiagnosticFailure(code, "\(error)", at: .file(path), hint: hint)
    }
  }

  private static func digest(of path: String) throws(DiagnosticFailure) -> [UInt8] {
    do {
      return try Digests.blake2b(fileAt: path)
    } catch {
      throw error.failure
    }
  }
}

extension DigestError {
  /// The error as a finding.
  var failure: DiagnosticFailure {
    switch self {
    case .cannotOpen(_, ENOENT): DiagnosticFailure(.missingFile, "\(self)")
    default: DiagnosticFailure(.ioFailed, "\(self)")
    }
  }
}
