internal import Glibc

extension Context {
  /// Sets a sequence's state back to the one before the first token.
  ///
  /// - Throws: `CallError.slot`.
  public func reset(slot: Int) throws(CallError) {
    try check(slot: slot)
    memset(state(of: slot), 0, stateBytes)
  }

  /// A sequence's state, `[stateBytes]`; equal states have equal bytes.
  ///
  /// - Throws: `CallError.slot`.
  public func copyState(slot: Int) throws(CallError) -> [UInt8] {
    try check(slot: slot)
    return Array(UnsafeBufferPointer(start: state(of: slot), count: stateBytes))
  }

  /// Sets a sequence's state to one that `copyState` gave.
  ///
  /// - Throws: `CallError.slot`, `CallError.stateSize`.
  public func restoreState(slot: Int, _ bytes: [UInt8]) throws(CallError) {
    try check(slot: slot)
    guard bytes.count == stateBytes else { throw .stateSize(found: bytes.count, expected: stateBytes) }
    bytes.withUnsafeBufferPointer { source in
      guard let start = source.baseAddress else { return }
      state(of: slot).update(from: start, count: stateBytes)
    }
  }
}
