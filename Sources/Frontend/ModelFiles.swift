public import Diagnostics
import Files
public import JSONText

/// The files of a Hugging Face model directory.
public struct ModelFiles: Sendable {
  /// The directory, without a final slash.
  public let directory: String
  /// The parsed `config.json`.
  public let config: JSONCursor
  /// Names of the files that hold weights, sorted.
  public let weights: [String]
  /// Names of all files that decide what the model computes, sorted.
  public var manifest: [String] { (["config.json"] + weights).sorted() }

  /// Finds the files and reads `config.json` and, where the model is sharded, the index.
  /// - Throws: `DiagnosticFailure` naming the file that is missing or malformed.
  public init(directory: String) throws(DiagnosticFailure) {
    var trimmed = directory[...]
    while trimmed.count > 1, trimmed.last == "/" { trimmed.removeLast() }
    self.directory = String(trimmed)
    guard InputFile.isDirectory(self.directory) else {
      throw DiagnosticFailure(
        .missingFile, "there is no such model directory", at: .file(directory),
        hint: "give a directory with config.json and model.safetensors or pytorch_model.bin")
    }
    config = try Self.object(self.directory + "/config.json")
    weights = try Self.weightFiles(in: self.directory)
  }

  /// The path of a file of the directory.
  public func path(_ name: String) -> String { directory + "/" + name }

  /// Reads an optional JSON file; nil where there is none.
  /// - Throws: `DiagnosticFailure` where it exists and is malformed.
  public static func optionalJSON(at path: String) throws(DiagnosticFailure) -> JSONValue? {
    guard InputFile.exists(path) else { return nil }
    let cursor = try json(path, limits: JSONLimits(allowsNonFinite: true))
    do {
      _ = try cursor.object()
    } catch {
      throw DiagnosticFailure(error.diagnostic(.badJSON, file: path))
    }
    return cursor.value
  }

  private static func json(_ path: String, limits: JSONLimits) throws(DiagnosticFailure) -> JSONCursor {
    let bytes = try InputFile.read(path, limit: limits.maxBytes)
    do {
      return JSONCursor(try JSONText.parse(bytes, limits: limits))
    } catch {
      throw DiagnosticFailure(error.diagnostic(.badJSON, file: path))
    }
  }

  private static func object(_ path: String) throws(DiagnosticFailure) -> JSONCursor {
    let config = try json(path, limits: JSONLimits(allowsNonFinite: true))
    do {
      _ = try config.object()
    } catch {
      throw DiagnosticFailure(error.diagnostic(.badConfig, file: path))
    }
    return config
  }

  /// Where weights may lie, the preferred kind first: a single file, or shards listed by an index.
  private static let singleFiles = ["model.safetensors", "pytorch_model.bin"]

  private static func weightFiles(in directory: String) throws(DiagnosticFailure) -> [String] {
    for single in singleFiles {
      let index = "\(single).index.json"
      if InputFile.exists(directory + "/" + index) {
        let suffix = single.hasSuffix(".bin") ? ".bin" : ".safetensors"
        return try shards(of: directory + "/" + index, in: directory, suffix: suffix)
      }
      if InputFile.exists(directory + "/" + single) { return [single] }
    }
    throw DiagnosticFailure(
      .missingFile, "the directory holds neither model.safetensors nor pytorch_model.bin",
      at: .file(directory),
      hint: "weights may be sharded with model.safetensors.index.json or pytorch_model.bin.index.json")
  }

  private static func shards(
    of index: String, in directory: String, suffix: String
  ) throws(DiagnosticFailure) -> [String] {
    let root = try json(index, limits: JSONLimits())
    do {
      let files = try root["weight_map"].members().map { (entry) throws(JSONError) in
        (try entry.cursor.string(), entry.cursor)
      }
      return try shardNames(files, directory: directory, index: index, suffix: suffix)
    } catch let error as JSONError {
      throw DiagnosticFailure(error.diagnostic(.badIndex, file: index))
    } catch let failure as DiagnosticFailure {
      throw failure
    } catch {
      throw DiagnosticFailure(.badIndex, "\(error)", at: .file(index))
    }
  }

  /// Whether a name can be that of a file in the directory, byte by byte as the system sees it.
  private static func isPlain(_ name: String, _ suffix: String) -> Bool {
    let bytes = name.utf8
    return bytes.suffix(suffix.utf8.count).elementsEqual(suffix.utf8) && bytes.count <= 255
      && bytes.first != UInt8(ascii: ".") && !bytes.contains(UInt8(ascii: "/")) && !bytes.contains(0)
  }

  /// The distinct shards that an index lists: plain names of files that exist inside the directory.
  private static func shardNames(
    _ files: [(String, JSONCursor)], directory: String, index: String, suffix: String
  ) throws(DiagnosticFailure) -> [String] {
    var findings: [Diagnostic] = []
    var names: Set<String> = []
    for (name, cursor) in files where names.insert(name).inserted {
      let place = Location.json(file: index, path: cursor.path)
      if !isPlain(name, suffix) {
        findings.append(
          Diagnostic(.badIndex, "'\(name)' is not a plain file name that ends in \(suffix)", at: place))
      } else if !InputFile.exists(directory + "/" + name) {
        findings.append(
          Diagnostic(
            .missingShard, "the shard '\(name)' is missing", at: place, hint: "download the model again"))
      }
      if names.count > 100_000 {
        throw DiagnosticFailure(.badIndex, "the index lists more than 100000 shards", at: .file(index))
      }
    }
    if names.isEmpty { findings.append(Diagnostic(.badIndex, "the index lists no shard", at: .file(index))) }
    if !findings.isEmpty { throw DiagnosticFailure(findings) }
    return names.sorted()
  }
}

extension JSONError {
  /// The error as a finding about a file.
  package func diagnostic(_ code: DiagnosticCode, file: String, hint: String? = nil) -> Diagnostic {
    let place = position.map { " (line \($0.line), column \($0.column))" } ?? ""
    return Diagnostic(code, message + place, at: .json(file: file, path: path), hint: hint)
  }
}
