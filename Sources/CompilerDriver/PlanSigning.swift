public import Diagnostics
import Digests
import Files
import Glibc

/// Signatures of plan files: Ed25519, detached, in the format of minisign.
public enum PlanSigning {
  /// What the name of a signature file adds to that of the plan.
  public static let suffix = ".minisig"

  /// Makes a pair of keys, `NAME.key` for its owner's eyes only, and `NAME.pub`; returns the key's identifier.
  /// - Parameter shouldStop: asked before each file appears; there is no pair then.
  /// - Throws: `DiagnosticFailure`; files that exist are left alone.
  public static func generateKeys(
    _ name: String, shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws(DiagnosticFailure) -> String {
    let (secretPath, publicPath) = (name + ".key", name + ".pub")
    for path in [secretPath, publicPath] { OutputFile.removeLeftovers(of: path) }
    try checkHalfPair(secretPath, publicPath)
    let key = MinisignSecretKey()
    let secret = try OutputFile(secretPath, isSecret: true, replaces: false, shouldStop: shouldStop)
    let open = try OutputFile(publicPath, replaces: false, shouldStop: shouldStop)
    try secret.write(Array(key.text.utf8))
    try open.write(Array(key.publicKey.text.utf8))
    do throws(DiagnosticFailure) {
      // The secret first: whoever has it can make the public key again.
      try secret.publish()
      try open.publish()
    } catch {
      for file in [open, secret] { file.withdraw() }
      throw error
    }
    return key.publicKey.name
  }

  /// A run that was killed leaves a secret key without its public one, which nobody has used.
  private static func checkHalfPair(_ secret: String, _ open: String) throws(DiagnosticFailure) {
    guard InputFile.exists(secret), !InputFile.exists(open) else { return }
    throw DiagnosticFailure(
      .cannotWrite, "the secret key exists already, without its public key '\(open)'", at: .file(secret),
      hint: """
        it is never overwritten; choose another name, remove it where an earlier run was killed, or make its public \
        key by 'minisign -R -s \(secret) -p \(open)'
        """)
  }

  /// Signs a plan, which must pass the checks of loading.
  /// - Parameters:
  ///   - keyPath: a secret key without a password.
  ///   - comment: one line that the signature covers too; the plan's name unless given.
  ///   - output: the signature file to write.
  ///   - shouldStop: asked while the plan is read, and before the signature appears.
  /// - Returns: the key's identifier.
  /// - Throws: `DiagnosticFailure`.
  public static func sign(
    _ path: String, keyPath: String, comment: String?, output: String,
    shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws(DiagnosticFailure) -> String {
    guard !InputFile.isSame(path, output), !InputFile.isSame(keyPath, output) else {
      throw DiagnosticFailure(
        .badOption, "the signature would take the place of what it is made from", at: .option("--output"),
        hint: "name another file")
    }
    let file = try OutputFile(output, shouldStop: shouldStop)
    let key = try secretKey(keyPath)
    _ = try PlanFile.load(path)
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let digest = try digest(of: path, shouldStop)
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
    let message =
      try signature.isPrehashed
      ? digest(of: path) : InputFile.read(path, limit: 1 << 30, tooLarge: .badSignature)
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
    let bytes = try InputFile.read(path, limit: 1 << 16, tooLarge: code)
    do {
      return try parse(bytes)
    } catch {
      throw DiagnosticFailure(code, "\(error)", at: .file(path), hint: hint)
    }
  }

  private static func digest(
    of path: String, _ shouldStop: () -> Bool = { false }
  ) throws(DiagnosticFailure) -> [UInt8] {
    do {
      return try Digests.blake2b(fileAt: path, shouldStop: shouldStop)
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
    case .notAFile: DiagnosticFailure(.missingFile, "\(self)", hint: "name a file")
    case .stopped: DiagnosticFailure(.interrupted, "\(self)")
    default: DiagnosticFailure(.ioFailed, "\(self)")
    }
  }
}
