/// The lines of a minisign file: comments, each followed by bytes in base64.
enum MinisignLines {
  static let untrusted = "untrusted comment: "
  static let trusted = "trusted comment: "
  /// Bytes of a file at most; comments are short.
  static let limit = 16384

  /// The comments and the bytes after them, for the given beginnings of comments and numbers of bytes.
  static func parse(
    _ text: [UInt8], _ parts: [(prefix: String, byteCount: Int)], _ what: String
  ) throws(MinisignError) -> [(comment: String, bytes: [UInt8])] {
    guard text.count <= limit else { throw .form("\(what) of at most \(limit) bytes") }
    var lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .map { $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0 }
    if lines.last?.isEmpty == true { lines.removeLast() }
    guard lines.count == 2 * parts.count else { throw .form("\(what) of \(2 * parts.count) lines") }
    var found: [(comment: String, bytes: [UInt8])] = []
    for (index, part) in parts.enumerated() {
      guard let comment = comment(lines[2 * index], after: part.prefix) else {
        throw .form("line \(2 * index + 1) to begin with '\(part.prefix)' and to be plain text")
      }
      guard let bytes = Base64.decode(lines[2 * index + 1]), bytes.count == part.byteCount else {
        throw .form("line \(2 * index + 2) to be \(part.byteCount) bytes in base64")
      }
      found.append((comment, bytes))
    }
    return found
  }

  /// Whether a comment may stand in a file, and be printed: one line without control characters but tabs.
  static func isPlain(_ comment: String) -> Bool {
    comment.utf8.count <= 8192
      && comment.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control || $0 == "\t" }
  }

  private static func comment(_ line: ArraySlice<UInt8>, after prefix: String) -> String? {
    guard line.starts(with: prefix.utf8),
      let comment = String(validating: line.dropFirst(prefix.utf8.count), as: UTF8.self), isPlain(comment)
    else { return nil }
    return comment
  }
}
