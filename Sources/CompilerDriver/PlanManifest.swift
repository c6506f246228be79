public import Diagnostics
import Digests
import Files

/// Lists of SHA-256 digests and file names, as `sha256sum` writes and checks them.
public enum PlanManifest {
  /// The line of a file.
  /// - Throws: `DiagnosticFailure` where the file cannot be read.
  public static func line(for path: String) throws(DiagnosticFailure) -> String {
    let escaped = escape(path)
    return "\(escaped == path ? "" : "\\")\(try digest(of: path).hex)  \(escaped)"
  }

  /// Makes sure that a manifest lists a file, under its path or its name, with the digest that it has.
  /// - Throws: `DiagnosticFailure`: `bad-signature` where it lists another digest or none.
  public static func check(_ path: String, against manifestPath: String) throws(DiagnosticFailure) {
    let bytes = try InputFile.read(manifestPath, limit: 1 << 26, tooLarge: .badSignature)
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let entries = bytes.split(separator: UInt8(ascii: "\n")).compactMap(entry)
    let stated = entries.filter { $0.path == path || $0.path == name || $0.path == "./" + name }
    guard let first = stated.first else {
      throw DiagnosticFailure(
        .badSignature, "no line is for '\(name)'", at: .file(manifestPath),
        hint: "lines are as sha256sum and 'quamba verify --print-manifest' write them")
    }
    let found = try digest(of: path)
    guard stated.allSatisfy({ $0.digest == found }) else {
      throw DiagnosticFailure(
        .badSignature, "the SHA-256 of '\(name)' is \(found), not \(first.digest)", at: .file(manifestPath),
        hint: "the plan was changed or damaged, or the list is of another version")
    }
  }

  /// The digest and the path of a line; nil for a line of another form.
  private static func entry(_ line: ArraySlice<UInt8>) -> (digest: SHA256Digest, path: String)? {
    guard let text = String(validating: line, as: UTF8.self) else { return nil }
    let isEscaped = text.hasPrefix("\\")
    let rest = text.dropFirst(isEscaped ? 1 : 0)
    let path = rest.dropFirst(66)
    guard let digest = SHA256Digest(hex: String(rest.prefix(64))), !path.isEmpty,
      ["  ", " *"].contains(rest.dropFirst(64).prefix(2))
    else { return nil }
    return (digest, isEscaped ? unescape(path) : String(path))
  }

  private static func escape(_ path: String) -> String {
    path.unicodeScalars.reduce(into: "") { text, scalar in
      switch scalar {
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      default: text.unicodeScalars.append(scalar)
      }
    }
  }

  private static func unescape(_ text: Substring) -> String {
    var (path, isAfterBackslash) = ("", false)
    for scalar in text.unicodeScalars {
      if isAfterBackslash {
        path.unicodeScalars.append(scalar == "n" ? "\n" : scalar == "r" ? "\r" : scalar)
      } else if scalar != "\\" {
        path.unicodeScalars.append(scalar)
      }
      isAfterBackslash = scalar == "\\" && !isAfterBackslash
    }
    return path
  }

  private static func digest(of path: String) throws(DiagnosticFailure) -> SHA256Digest {
    do {
      return try Digests.sha256(fileAt: path)
    } catch {
      throw error.failure
    }
  }
}
