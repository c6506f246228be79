import Frontend
import Testing
import Tokenization

@Suite struct SectionTests {
  private func tables(_ section: [UInt8]) throws -> TokenizerTables {
    try TokenizerTables(section: section.span)
  }

  @Test func roundTrip() throws {
    let read = try TokenizerFile.read(json: Fixtures.gutenberg()).tables
    for tables in [try Fixtures.smallTables(), try Fixtures.characterTables(), read] {
      let section = tables.encodeSection()
      #expect(section.count % 8 == 0)
      let read = try self.tables(section)
      #expect(read == tables)
      #expect(read.encodeSection() == section)
    }
  }

  @Test(arguments: [try Fixtures.smallTables(), try Fixtures.characterTables()])
  func everyTruncationIsRejected(_ made: TokenizerTables) throws {
    let section = made.encodeSection()
    for length in 0..<section.count {
      #expect(throws: TokenizerSectionError.self) { try tables(Array(section[..<length])) }
    }
    #expect(throws: TokenizerSectionError.self) { try tables(section + Array(repeating: 0, count: 8)) }
  }

  /// What is read after a corruption must work, and must be what its bytes say.
  @Test(arguments: [try Fixtures.smallTables(), try Fixtures.characterTables()])
  func everyCorruptionIsRejectedOrHarmless(_ made: TokenizerTables) throws {
    var section = made.encodeSection()
    var accepted = 0
    for index in section.indices {
      let original = section[index]
      for value in [0, 1, 0x7F, 0x80, 0xFF, original ^ 1, original ^ 0x20, original &+ 1]
      where value != original {
        section[index] = value
        if let tables = try? self.tables(section) {
          accepted += 1
          #expect(tables.encodeSection() == section)
          let tokenizer = Tokenizer(tables)
          let ids = tokenizer.encode("the  thé <|end|> aaaaaaa\u{301}", addSpecialTokens: true)
          #expect(ids.allSatisfy { $0 < tokenizer.vocabularySize })
          _ = tokenizer.decode(ids)
        }
      }
      section[index] = original
    }
    #expect(accepted > 0)
  }

  @Test func inconsistentTablesAreRefused() throws {
    func error(_ body: () throws(TokenizerSectionError) -> TokenizerTables) -> TokenizerSectionError? {
      do { _ = try body() } catch { return error }
      return nil
    }
    func added(_ id: UInt32, _ text: String, _ flags: AddedToken.Flags = []) -> AddedToken {
      AddedToken(id: id, content: Array(text.utf8), flags: flags)
    }
    typealias Failure = TokenizerSectionError
    #expect(
      error { () throws(Failure) in try Fixtures.tables() }
        == .idOutOfRange(table: .beginning, index: 0, id: 256))
    let twice = [("a", "b"), ("a", "b")]
    #expect(
      error { () throws(Failure) in try Fixtures.tables(extra: ["ab"], merges: twice) }
        == .duplicateMerge(rank: 1))
    for tokens in [[added(257, "x")], [added(256, "")], [added(256, "x", .init(rawValue: 32))]] {
      #expect(error { () throws(Failure) in try Fixtures.tables(extra: ["ab"], addedTokens: tokens) } != nil)
    }
    let same = [added(1, "\u{E9}", .normalized), added(2, "e\u{301}", .normalized)]
    #expect(
      error { () throws(Failure) in try Fixtures.tables(extra: ["x"], addedTokens: same, normalizers: [.nfc])
      }
        == .duplicateAddedToken(index: 1))
    #expect(error { () throws(Failure) in try Fixtures.tables(extra: ["x"], addedTokens: same) } == nil)
  }

  @Test func stagesThatCannotBeRunTogetherAreRefused() throws {
    typealias Rules = TokenizerTables.Rules
    let nine = [Rules.Normalizer](repeating: .nfc, count: 9)
    let byteLevel = Rules.Splitter.byteLevel(addsPrefixSpace: false, splits: true)
    let refused: [Rules] = [
      Rules(splitters: [byteLevel], decoders: [.fuse]), Rules(splitters: [], decoders: [.byteLevel]),
      Rules(splitters: [byteLevel, byteLevel], decoders: [.byteLevel]),
      Rules(
        splitters: [byteLevel, .expression(.llama3, .isolated, isInverted: false)], decoders: [.byteLevel]),
      Rules(normalizers: nine, splitters: [], decoders: [.fuse]), Rules(splitters: [], decoders: []),
      Rules(splitters: [], decoders: [.strip([0x20], count: 1)]),
      Rules(splitters: [], decoders: [.fuse, .byteFallback]),
      Rules(splitters: [], decoders: [.byteFallback, .metaspace([0x5F], .always)]),
      Rules(
        normalizers: [.prepend([0x5F])], splitters: [.metaspace([0x5F], .first, splits: false)],
        decoders: [.fuse]),
    ]
    for rules in refused { #expect(rules.obstacle != nil, "\(rules)") }
    #expect(try Fixtures.characterTables().rules.obstacle == nil)
    #expect(try Fixtures.smallTables().rules.obstacle == nil)
  }

  @Test func mergesMustJoinTheirBytes() throws {
    let tokens = (0..<256).map { [UInt8($0)] } + [[1, 3]]
    for merge in [(1, 2, 256), (1, 3, 1), (3, 1, 256)] {
      #expect(throws: TokenizerSectionError.mergeResult(rank: 0)) {
        try TokenizerTables(
          tokens: tokens, byteTokens: Array(0..<256),
          merges: [
            TokenizerTables.Merge(left: UInt32(merge.0), right: UInt32(merge.1), result: UInt32(merge.2))
          ],
          addedTokens: [], rules: .init(addsPrefixSpace: false, splits: true),
          policy: .init(beginningID: nil, endIDs: [], prefix: [], suffix: []))
      }
    }
  }
}
