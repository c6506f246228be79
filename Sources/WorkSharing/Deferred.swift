import Dispatch
import Synchronization

/// A value that is computed in the background, once, from the moment it is wanted.
public final class Deferred<Value: Sendable>: Sendable {
  private struct State {
    var isStarted = false
    var result: Result<Value, any Error>?
  }

  private let compute: @Sendable () throws -> Value
  private let state = Mutex(State())
  private let done = DispatchGroup()

  /// A value that `compute` gives.
  public init(_ compute: @escaping @Sendable () throws -> Value) { self.compute = compute }

  /// Begins the computation, unless it has begun.
  public func start() {
    let isFirst = state.withLock { state in
      guard !state.isStarted else { return false }
      state.isStarted = true
      done.enter()
      return true
    }
    guard isFirst else { return }
    DispatchQueue.global().async { [self] in
      let result = Result { try compute() }
      state.withLock { $0.result = result }
      done.leave()
    }
  }

  /// The value, once it is there.
  /// - Throws: what the computation threw.
  public func value() throws -> Value {
    start()
    done.wait()
    guard let result = state.withLock(\.result) else {
      preconditionFailure("a value follows its computation")
    }
    return try result.get()
  }
}
