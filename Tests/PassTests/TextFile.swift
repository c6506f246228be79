import Foundation

/// Text files beside the tests that are generated, committed and compared.
enum TextFile {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// Whether stale files are to be rewritten.
  static var isUpdating: Bool { ProcessInfo.processInfo.environment["UPDATE_GOLDENS"] == "1" }

  /// A file's text, nil where there is none.
  static func read(_ path: String) -> String? {
    try? String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  /// The names in a folder.
  static func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path)
  }

  /// Whether a file holds `text`; rewrites it where that is asked for.
  static func isCurrent(_ path: String, _ text: String) throws -> Bool {
    if read(path) == text { return true }
    if isUpdating { try text.write(to: root.appending(path: path), atomically: true, encoding: .utf8) }
    return false
  }
}
