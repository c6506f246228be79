/// How much processor time Linux control groups give a process.
package enum ProcessorQuota {
  /// Where control groups are mounted, as a line of `/proc/self/mountinfo` tells it.
  private struct Mount {
    /// The group that the mount point shows.
    let root: Substring
    let point: Substring
    /// Whether it is the one tree of version 2, not version 1's tree for processor time.
    let isUnified: Bool
  }

  /// The smallest quota of the process's groups and of those above them, in processors, rounded up;
  /// nil when there is none.
  ///
  /// - Parameter read: the text of a file, or nil when there is no such file.
  package static func processors(read: (_ path: String) -> String?) -> Int? {
    guard let groups = read("/proc/self/cgroup"), let mounts = read("/proc/self/mountinfo") else {
      return nil
    }
    let quotas = lines(mounts).compactMap(mount).flatMap { mount in
      directories(of: groups, in: mount).compactMap { quota(in: $0, isUnified: mount.isUnified, read) }
    }
    return quotas.min()
  }

  /// The mount that a line describes (`36 35 0:33 ROOT POINT … - TYPE SOURCE OPTIONS`), if it is of use.
  private static func mount(_ line: Substring) -> Mount? {
    let fields = line.split(separator: " ")
    guard fields.count > 5, let end = fields.dropFirst(5).firstIndex(of: "-"), end + 3 < fields.count else {
      return nil
    }
    let (root, point, type) = (fields[3], fields[4], fields[end + 1])
    if type == "cgroup2" { return Mount(root: root, point: point, isUnified: true) }
    guard type == "cgroup", fields[end + 3].split(separator: ",").contains("cpu") else { return nil }
    return Mount(root: root, point: point, isUnified: false)
  }

  /// The directories of the process's group and of those above it, as far as the mount shows them.
  private static func directories(of groups: String, in mount: Mount) -> [String] {
    guard let path = group(groups, isUnified: mount.isUnified) else { return [] }
    var names = path.split(separator: "/")
    let root = mount.root.split(separator: "/")
    // A group outside of the mount, or of the namespace: what the mount point shows is all that can be seen.
    names = names.starts(with: root) && !names.contains("..") ? Array(names.dropFirst(root.count)) : []
    return (0...names.count).map { ([mount.point] + names.prefix($0)).joined(separator: "/") }
  }

  /// The process's group (`0::PATH`, or `4:cpu,cpuacct:PATH` in version 1).
  private static func group(_ groups: String, isUnified: Bool) -> Substring? {
    for line in lines(groups) {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let controllers = fields[1].split(separator: ",")
      if isUnified ? fields[0] == "0" && controllers.isEmpty : controllers.contains("cpu") {
        return fields[2]
      }
    }
    return nil
  }

  /// A group's own quota; nil when it has none.
  private static func quota(in directory: String, isUnified: Bool, _ read: (String) -> String?) -> Int? {
    let text =
      isUnified
      ? read(directory + "/cpu.max")
      : read(directory + "/cpu.cfs_quota_us").flatMap { quota in
        read(directory + "/cpu.cfs_period_us").map { "\(quota) \($0)" }
      }
    let numbers = text?.split { $0.isWhitespace } ?? []
    guard numbers.count == 2, let time = Int(numbers[0]), let period = Int(numbers[1]), time > 0, period > 0
    else { return nil }
    return time / period + (time % period > 0 ? 1 : 0)
  }

  private static func lines(_ text: String) -> [Substring] { text.split(separator: "\n") }
}
