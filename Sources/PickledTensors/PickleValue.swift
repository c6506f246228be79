/// A value of a pickle stream; what has parts stands in a table, so that no value contains another.
enum PickleValue {
  case none
  case truth
  case integer(Int)
  case text(String)
  /// Index into the machine's tuples.
  case tuple(Int)
  /// Index into the machine's dictionaries.
  case dictionary(Int)
  case global(PickleGlobal)
  /// Index into the machine's storages.
  case storage(Int)
  /// Index into the machine's tensors.
  case tensor(Int)
}

/// The functions and classes that a stream may name; none of them is ever called.
enum PickleGlobal: Equatable {
  case orderedDictionary
  case rebuildTensor
  case rebuildParameter
  case storage(PickledElement)

  /// Nil for any other name.
  init?(module: String, name: String) {
    switch (module, name) {
    case ("collections", "OrderedDict"): self = .orderedDictionary
    case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor
    case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
    case ("torch", _):
      guard let element = PickledElement(rawValue: name) else { return nil }
      self = .storage(element)
    default: return nil
    }
  }
}

/// A storage as a stream describes it.
struct PickleStorage {
  let element: PickledElement
  /// Name of the entry, below `data/`.
  let key: String
  /// Number of elements.
  let count: Int
}

/// A tensor as a stream describes it; nothing of it has been compared with anything.
struct PickleTensor {
  /// Index into the machine's storages.
  let storage: Int
  /// Elements of the storage before the first.
  let offset: Int
  /// At most one size more than a shape may have, and as many strides.
  let shape: [Int]
  let strides: [Int]
}
