/// One finding: what went wrong, where, and what to do about it.
public struct Diagnostic: Error, Equatable, Sendable {
  /// How much a finding matters.
  public enum Severity: String, Sendable {
    case note, warning, error
  }

  /// How much this finding matters.
  public var severity: Severity
  /// Stable name of the kind of finding.
  public var code: DiagnosticCode
  /// What is wrong, as one sentence without a final period.
  public var message: String
  /// Where it is wrong.
  public var location: Location
  /// What the user can do about it.
  public var hint: String?

  /// Makes a finding; errors are the usual case.
  public init(
    _ code: DiagnosticCode, _ message: String, at location: Location = .nowhere, hint: String? = nil,
    severity: Severity = .error
  ) {
    self.code = code
    self.message = message
    self.location = location
    self.hint = hint
    self.severity = severity
  }
}

/// Where a finding lies.
public enum Location: Equatable, Sendable {
  case nowhere
  case file(String)
  /// A value inside a JSON file, by its path such as `$.hidden_size`.
  case json(file: String, path: String)
  case tensor(String, file: String?)
  /// A node of the IR, by name.
  case node(String)
  /// A line of an IR text, counted from 1.
  case text(line: Int, column: Int)
  /// A command-line option.
  case option(String)
}

extension Location: CustomStringConvertible {
  /// The location as it stands in front of a message.
  public var description: String {
    switch self {
    case .nowhere: ""
    case .file(let path): path
    case .json(let file, let path): "\(file): \(path)"
    case .tensor(let name, let file): file.map { "\($0): tensor \(name)" } ?? "tensor \(name)"
    case .node(let name): name
    case .text(let line, let column): "\(line):\(column)"
    case .option(let name): name
    }
  }
}

extension Diagnostic: CustomStringConvertible {
  /// `error[code]: location: message`, and the hint on a line of its own; control characters are escaped.
  public var description: String {
    let place = location.description
    let head = "\(severity.rawValue)[\(code.name)]: \(place.isEmpty ? "" : place + ": ")\(message)"
    return Self.escaped(head) + (hint.map { "\n  hint: \(Self.escaped($0))" } ?? "")
  }

  /// Names from files must neither command a terminal nor pass for other findings.
  private static func escaped(_ text: String) -> String {
    var shown = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if scalar.properties.generalCategory == .control {
        shown.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
      } else {
        shown.append(scalar)
      }
    }
    return String(shown)
  }
}

/// Every finding of a phase that failed, thrown once at its end.
public struct DiagnosticFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// What was found, in order; at least one error.
  public let diagnostics: [Diagnostic]

  /// Collects the findings of a phase.
  public init(_ diagnostics: [Diagnostic]) {
    precondition(diagnostics.contains { $0.severity == .error }, "a failure needs an error")
    self.diagnostics = diagnostics
  }

  /// A failure with one finding, which is an error.
  public init(_ diagnostic: Diagnostic) { self.init([diagnostic]) }

  /// A failure with one finding.
  public init(
    _ code: DiagnosticCode, _ message: String, at location: Location = .nowhere, hint: String? = nil
  ) {
    self.init([Diagnostic(code, message, at: location, hint: hint)])
  }

  /// The exit status of the first error.
  public var exitStatus: ExitStatus {
    diagnostics.first { $0.severity == .error }?.code.exitStatus ?? .internalFault
  }

  /// All findings, one after the other.
  public var description: String {
    diagnostics.map(\.description).joined(separator: "\n")
  }
}
