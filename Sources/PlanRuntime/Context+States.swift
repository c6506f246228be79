internal import Glibc

extension Context {
  /// Sets a sequence's state back to the one before the first token.
  ///
  /// - Throws: `CallError.slot`.
  public func reset(slot: Int) throws(CallError) {
    try check(slot: slot)
    memset(state(of: slot), 0, stateBytes)
    pages.clear(slot)
  }

  /// A sequence's state, `[stateBytes]`, and with attention its tokens and their keys and values; equal states have
  /// equal bytes.
  ///
  /// - Throws: `CallError.slot`.
  public func copyState(slot: Int) throws(CallError) -> [UInt8] {
    try check(slot: slot)
    return Array(UnsafeBufferPointer(start: state(of: slot), count: stateBytes)) + pages.saved(slot)
  }

  /// Sets a sequence's state to one that `copyState` gave.
  ///
  /// - Throws: `CallError.slot`, `CallError.stateSize`, `CallError.context`.
  public func restoreState(slot: Int, _ bytes: [UInt8]) throws(CallError) {
    try check(slot: slot)
    let kept = bytes.dropFirst(stateBytes)
    guard bytes.count >= stateBytes, let tokens = pages.savedTokens(kept) else {
      throw .stateSize(found: bytes.count, expected: stateBytes + pages.savedBytes(tokens: 0))
    }
    guard tokens <= options.contextCapacity else {
      throw .context(slot: slot, needed: tokens, capacity: options.contextCapacity)
    }
    pages.restore(slot, kept, tokens: tokens)
    bytes.withUnsafeBufferPointer { source in
      guard let start = source.baseAddress else { return }
      state(of: slot).update(from: start, count: stateBytes)
    }
  }
}
