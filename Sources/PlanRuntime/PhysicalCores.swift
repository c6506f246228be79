internal import Glibc

/// What the machine lets this process use.
enum PhysicalCores {
  /// How many physical cores the process may run on at once, at least 1: no more than its processors have, and
  /// no more than its control groups pay for.
  static var count: Int { max(1, min(allowed, ProcessorQuota.processors(read: text) ?? .max)) }

  /// Physical cores that the affinity mask allows.
  private static var allowed: Int {
    let label = "Cpus_allowed_list:"
    let lines = text(of: "/proc/self/status")?.split(separator: "\n") ?? []
    guard let line = lines.first(where: { $0.hasPrefix(label) }) else {
      return sysconf(Int32(_SC_NPROCESSORS_ONLN))
    }
    return Set(processors(in: line.dropFirst(label.count)).map(core)).count
  }

  /// The processors that share a core with this one, as the system lists them; its own number if it does not.
  private static func core(of processor: Int) -> String {
    text(of: "/sys/devices/system/cpu/cpu\(processor)/topology/thread_siblings_list") ?? "\(processor)"
  }

  /// The numbers in a list such as `0-3,8`.
  private static func processors(in list: Substring) -> [Int] {
    list.split(separator: ",").flatMap { part -> [Int] in
      let ends = part.split(separator: "-").compactMap { Int($0.filter { !$0.isWhitespace }) }
      guard let first = ends.first, let last = ends.last, first <= last else { return [] }
      return Array(first...last)
    }
  }

  /// The text of a file of the system's, at most a MiB of it.
  private static func text(of path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while bytes.count < 1 << 20 {
      let count = fread(&buffer, 1, buffer.count, file)
      guard count > 0 else { break }
      bytes += buffer[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
