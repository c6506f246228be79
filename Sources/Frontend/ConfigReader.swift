import Diagnostics
import JSONText

/// Reads fields of `config.json`; every problem is collected.
struct ConfigReader {
  private let root: JSONCursor
  private let file: String
  /// Problems so far.
  var findings: [Diagnostic] = []

  init(_ root: JSONCursor, file: String) {
    self.root = root
    self.file = file
  }

  /// The largest size of any dimension: products of two, and of one that has a limit of its own, stay within 64 bits.
  static let largestSize = 1 << 24

  /// A required size of at least 1; 1 after a problem.
  mutating func size(_ name: String, limit: Int = largestSize) -> Int {
    let before = findings.count
    if let value = optionalSize(name, limit: limit) { return value }
    if findings.count == before { report(name, "the field is missing") }
    return 1
  }

  /// A size of at least 1, nil where absent, wrong, or the word `automatic`.
  mutating func optionalSize(_ name: String, limit: Int = largestSize, automatic: String? = nil) -> Int? {
    if let automatic, (try? root.optional(name)?.value) == .string(automatic) { return nil }
    guard let value: Int = field(name, { (cursor) throws(JSONError) in try cursor.int() }) else { return nil }
    guard (1...limit).contains(value) else {
      report(name, "\(value) is not between 1 and \(limit)")
      return nil
    }
    return value
  }

  /// An integer, nil where absent or wrong.
  mutating func optionalInteger(_ name: String) -> Int? {
    field(name) { (cursor) throws(JSONError) in try cursor.int() }
  }

  /// The number of elements of a list, nil where absent or wrong.
  mutating func elementCount(_ name: String) -> Int? {
    field(name) { (cursor) throws(JSONError) in try cursor.array().count }
  }

  /// Reads the fields of an object inside; an absent one has no fields.
  mutating func nested<Result>(_ name: String, _ read: (inout ConfigReader) -> Result) -> Result {
    let inside: JSONCursor? = field(name) { (cursor) throws(JSONError) in
      _ = try cursor.object()
      return cursor
    }
    var reader = ConfigReader(inside ?? JSONCursor(.object(JSONObject())), file: file)
    defer { findings += reader.findings }
    return read(&reader)
  }

  /// The names of all fields.
  var names: [String] { (try? root.object().names) ?? [] }

  /// A flag, or its default.
  mutating func flag(_ name: String, default absent: Bool) -> Bool {
    field(name) { (cursor) throws(JSONError) in try cursor.bool() } ?? absent
  }

  /// A string, nil where absent.
  mutating func string(_ name: String) -> String? {
    field(name) { (cursor) throws(JSONError) in try cursor.string() }
  }

  /// A positive finite number, or its default.
  mutating func positive(_ name: String, default absent: Double) -> Double {
    guard let value: Double = field(name, { (cursor) throws(JSONError) in try cursor.double() }) else {
      return absent
    }
    guard value > 0, value.isFinite else {
      report(name, "\(value) is not finite and above zero")
      return absent
    }
    return value
  }

  /// The lower and the upper of two bounds, nil where absent or wrong; a bound that is null is none.
  ///
  /// An infinite one is a number, the word for it, or such a word as the field `__float__` of an object.
  mutating func bounds(_ name: String) -> (low: Double, high: Double)? {
    let found: [Double?]? = field(name) { (cursor) throws(JSONError) in
      try cursor.array().map { (bound) throws(JSONError) in
        bound.isNull ? nil : try Self.infiniteOrFinite(bound)
      }
    }
    guard let found else { return nil }
    let (low, high) = (found.first ?? nil, found.last ?? nil)
    let (from, to) = (low ?? -.infinity, high ?? .infinity)
    guard found.count == 2, from <= to else {
      report(name, "it is not two numbers in order", hint: "such as [0.0, Infinity]")
      return nil
    }
    return (from, to)
  }

  private static func infiniteOrFinite(_ cursor: JSONCursor) throws(JSONError) -> Double {
    let word = cursor.contains("__float__") ? try cursor["__float__"] : cursor
    switch word.value {
    case .string("Infinity"), .string("inf"), .string("+Infinity"): return .infinity
    case .string("-Infinity"), .string("-inf"): return -.infinity
    default: return try word.double()
    }
  }

  /// Whether a field exists and is not null.
  func contains(_ name: String) -> Bool { root.contains(name) && (try? root.optional(name)) != nil }

  /// Records a problem with a field.
  mutating func report(
    _ name: String, _ message: String, hint: String? = nil, code: DiagnosticCode = .badConfig
  ) {
    findings.append(
      Diagnostic(code, message, at: .json(file: file, path: "\(root.path).\(name)"), hint: hint))
  }

  private mutating func field<Value>(
    _ name: String, _ read: (JSONCursor) throws(JSONError) -> Value
  ) -> Value? {
    do throws(JSONError) {
      return try root.optional(name).map(read)
    } catch {
      findings.append(error.diagnostic(.badConfig, file: file))
      return nil
    }
  }
}
