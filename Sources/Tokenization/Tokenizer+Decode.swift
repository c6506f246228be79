extension Tokenizer {
  /// The text of ids; bytes that are not UTF-8 become U+FFFD, ids without a token become nothing.
  ///
  /// - Parameter skipSpecial: leaves out special tokens.
  public func decode(_ ids: [UInt32], skipSpecial: Bool = false) -> String {
    guard tables.rules.joinsBytes else {
      var decoder = CharacterDecoder(tables.rules.decoders, startsText: true)
      var text: [UInt8] = []
      for id in ids { text += decoder.push(shownBytes(of: id, skipSpecial: skipSpecial)) }
      return String(decoding: text + decoder.finish(), as: UTF8.self)
    }
    var text: [UInt8] = []
    for id in ids { text += shownBytes(of: id, skipSpecial: skipSpecial) }
    return String(decoding: text, as: UTF8.self)
  }

  /// The bytes of a token, or its name where merges join characters; none for an id without a token.
  public func bytes(of id: UInt32) -> [UInt8] { Array(tables.bytes(of: id)) }

  func shownBytes(of id: UInt32, skipSpecial: Bool) -> ArraySlice<UInt8> {
    skipSpecial && specialIDs.contains(id) ? [] : tables.bytes(of: id)
  }
}
