/// Strict JSON (RFC 8259): reading and writing.
public enum JSONText {
  /// Reads one JSON text.
  ///
  /// Refused, beyond what RFC 8259 refuses: a byte order mark, a member name that occurs twice in one
  /// object, half a surrogate pair, an integer outside `Int64`, a number outside the range of `Double`.
  /// - Throws: `JSONError` with path, line and column.
  public static func parse(
    _ bytes: UnsafeRawBufferPointer, limits: JSONLimits = JSONLimits()
  ) throws(JSONError) -> JSONValue {
    var scanner = unsafe StrictScanner(bytes, limits: limits)
    try scanner.scanDocument()
    return try unsafe JSONReader.read(
      bytes, as: scanner.textForReader(of: 0..<bytes.count), objects: scanner.objects, limits: limits)
  }

  /// Reads one JSON text.
  /// - Throws: `JSONError` with path, line and column.
  public static func parse(
    _ string: String, limits: JSONLimits = JSONLimits()
  ) throws(JSONError) -> JSONValue {
    try parse(Array(string.utf8), limits: limits)
  }

  /// Reads one JSON text.
  /// - Throws: `JSONError` with path, line and column.
  public static func parse(
    _ bytes: [UInt8], limits: JSONLimits = JSONLimits()
  ) throws(JSONError) -> JSONValue {
    try unsafe bytes.withUnsafeBufferPointer { (bytes) throws(JSONError) in
      try unsafe parse(UnsafeRawBufferPointer(bytes), limits: limits)
    }
  }
}

extension JSONText {
  /// How many bytes of a text an error message shows.
  static let longestQuote = 64

  /// The beginning of a text between quotation marks, fit for one line of an error message.
  static func quoted(_ text: String) -> String {
    var shown = "\""
    for scalar in text.unicodeScalars {
      if shown.utf8.count > longestQuote { return shown + "…\"" }
      switch scalar {
      case "\"", "\\": shown += "\\\(scalar)"
      default: shown += isControl(scalar) ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
      }
    }
    return shown + "\""
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}
