import Foundation
import Frontend
import JSONText
import Tokenization

/// Files and tokenizers that the tests share.
enum Fixtures {
  static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

  static func json(_ path: String) throws -> JSONValue {
    try JSONText.parse([UInt8](Data(contentsOf: tests.appendingPathComponent(path))))
  }

  static func neox() throws -> JSONValue { try json("Fixtures/gpt-neox-tokenizer/tokenizer.json") }

  static func gutenberg() throws -> JSONValue { try json("../Examples/models/gutenberg-9m/tokenizer.json") }

  /// Tables with a token for every byte, in order, then `extra` tokens.
  static func tables(
    extra: [String] = [], merges: [(String, String)] = [], addedTokens: [AddedToken] = [],
    normalizers: [TokenizerTables.Rules.Normalizer] = [], splits: Bool = true,
    endIDs: [UInt32] = []
  ) throws(TokenizerSectionError) -> TokenizerTables {
    let tokens = (0..<256).map { [UInt8($0)] } + extra.map { Array($0.utf8) }
    func id(_ text: String) -> UInt32 { UInt32(tokens.firstIndex(of: Array(text.utf8)) ?? -1) }
    return try TokenizerTables(
      tokens: tokens, byteTokens: Array(0..<256),
      merges: merges.map { TokenizerTables.Merge(left: id($0), right: id($1), result: id($0 + $1)) },
      addedTokens: addedTokens,
      rules: TokenizerTables.Rules(normalizers: normalizers, addsPrefixSpace: false, splits: splits),
      policy: TokenizerTables.Policy(beginningID: 256, endIDs: endIDs, prefix: [256], suffix: endIDs))
  }

  /// Tables over characters: a few of them, a mark for spaces, and all bytes.
  static func characterTables() throws -> TokenizerTables {
    let names = (0..<256).map { TokenizerTables.fallbackName(of: UInt8($0)) }
    let tokens = names + ["▁", "a", "b", "▁a", "ab", "<s>"].map { Array($0.utf8) }
    return try TokenizerTables(
      tokens: tokens, byteTokens: Array(0..<256), characterTokens: [257, 258, 256],
      merges: [.init(left: 256, right: 257, result: 259), .init(left: 257, right: 258, result: 260)],
      addedTokens: [AddedToken(id: 261, content: Array("<s>".utf8), flags: .special)],
      rules: .init(
        normalizers: [.prepend(Array("▁".utf8)), .replace([0x20], by: Array("▁".utf8))],
        splitters: [.digits(isIndividual: true)],
        decoders: [.replace(Array("▁".utf8), by: [0x20]), .byteFallback, .fuse, .strip([0x20], count: 1)]),
      policy: .init(beginningID: 261, endIDs: [], prefix: [261], suffix: []))
  }

  /// Small tables in which every kind of table has entries.
  static func smallTables() throws -> TokenizerTables {
    try tables(
      extra: ["<|end|>", "th", "the", "  ", "aa", "aaaa"],
      merges: [("t", "h"), ("th", "e"), ("a", "a"), ("aa", "aa")],
      addedTokens: [
        AddedToken(id: 256, content: Array("<|end|>".utf8), flags: .special),
        AddedToken(id: 259, content: Array("  ".utf8), flags: [.normalized, .stripsRight]),
      ], normalizers: [.nfc], endIDs: [256, 0])
  }
}

extension JSONValue {
  /// The value with `new` at a path of member names.
  func replacing(_ path: ArraySlice<String>, by new: JSONValue?) -> JSONValue {
    guard let name = path.first, case .object(var object) = self else { return new ?? .null }
    object[name] = path.count == 1 ? new : (object[name] ?? .null).replacing(path.dropFirst(), by: new)
    return .object(object)
  }

  /// The value with `new` at a dotted path of member names.
  func replacing(_ path: String, by new: JSONValue?) -> JSONValue {
    replacing(path.unicodeScalars.split(separator: ".").map { String($0) }[...], by: new)
  }
}

extension JSONCursor {
  func ids() throws -> [UInt32] { try array().map { UInt32(try $0.int()) } }
}

extension String {
  /// For comparisons, which `String` makes up to canonical equivalence.
  var bytes: [UInt8] { Array(utf8) }
}
