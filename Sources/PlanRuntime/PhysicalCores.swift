internal import Glibc

/// What the machine lets this process use.
enum PhysicalCores {
  /// How many physical cores the process may run on, at least 1.
  static var count: Int {
    guard let allowed = line(of: "/proc/self/status", startingWith: "Cpus_allowed_list:") else {
      return max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    }
    return max(1, Set(processors(in: allowed).map(core)).count)
  }

  /// The processors that share a core with this one, as the system lists them; its own number if it does not.
  private static func core(of processor: Int) -> String {
    let path = "/sys/devices/system/cpu/cpu\(processor)/topology/thread_siblings_list"
    return line(of: path, startingWith: "") ?? "\(processor)"
  }

  /// The numbers in a list such as `0-3,8`.
  private static func processors(in list: String) -> [Int] {
    list.split(separator: ",").flatMap { part -> [Int] in
      let ends = part.split(separator: "-").compactMap { Int($0) }
      guard let first = ends.first, let last = ends.last, first <= last else { return [] }
      return Array(first...last)
    }
  }

  /// What follows `prefix` in the first line that starts with it, without white space.
  private static func line(of path: String, startingWith prefix: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 4096)
    while fgets(&buffer, Int32(buffer.count), file) != nil {
      let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      guard text.hasPrefix(prefix) else { continue }
      return String(text.dropFirst(prefix.count).filter { !$0.isWhitespace })
    }
    return nil
  }
}
