import PlanRuntime
import Testing

@Suite
struct ProcessorQuotaTests {
  private static let unified = "31 23 0:28 / /sys/fs/cgroup rw,relatime shared:9 - cgroup2 cgroup2 rw\n"
  private static let separate = """
    27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
    32 31 0:29 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset
    33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct

    """

  private func processors(_ groups: String, _ mounts: String, _ files: [String: String] = [:]) -> Int? {
    ProcessorQuota.processors { path in
      switch path {
      case "/proc/self/cgroup": groups
      case "/proc/self/mountinfo": mounts
      default: files[path]
      }
    }
  }

  private func processors(quota: String) -> Int? {
    processors("0::/\n", Self.unified, ["/sys/fs/cgroup/cpu.max": quota])
  }

  @Test(arguments: [
    ("100000 100000\n", 1), ("100001 100000\n", 2), ("250000 100000\n", 3), ("1 100000\n", 1),
    ("9223372036854775807 1\n", Int.max),
  ])
  func aQuotaIsRoundedUp(_ quota: String, _ expected: Int) {
    #expect(processors(quota: quota) == expected)
  }

  @Test(arguments: [
    "max 100000\n", "", "100000\n", "100000 0\n", "-1 100000\n", "0 100000\n", "a b\n",
    "9223372036854775808 1\n", "1 2 3\n",
  ])
  func whatIsNoQuotaDoesNotCount(_ quota: String) {
    #expect(processors(quota: quota) == nil)
  }

  @Test
  func theSmallestOfAllGroupsAboveCounts() {
    var files = [
      "/sys/fs/cgroup/a/cpu.max": "300000 100000\n", "/sys/fs/cgroup/a/b/cpu.max": "max 100000\n",
      "/sys/fs/cgroup/a/b/c/cpu.max": "800000 100000\n", "/sys/fs/cgroup/other/cpu.max": "100000 100000\n",
    ]
    #expect(processors("0::/a/b/c\n", Self.unified, files) == 3)
    files["/sys/fs/cgroup/a/b/c/cpu.max"] = "150000 100000\n"
    #expect(processors("0::/a/b/c\n", Self.unified, files) == 2)
    #expect(processors("0::/a/b\n", Self.unified, files) == 3)
    #expect(processors("0::/\n", Self.unified, files) == nil)
  }

  @Test
  func versionOneHasATreeForProcessorTime() {
    let groups = "5:cpuset:/x\n4:cpu,cpuacct:/jobs/one\n0::/\n"
    let group = "/sys/fs/cgroup/cpu,cpuacct/jobs/one/"
    var files = [group + "cpu.cfs_quota_us": "-1\n", group + "cpu.cfs_period_us": "100000\n"]
    #expect(processors(groups, Self.separate, files) == nil)
    files[group + "cpu.cfs_quota_us"] = "120000\n"
    #expect(processors(groups, Self.separate, files) == 2)
    files[group + "cpu.cfs_period_us"] = nil
    #expect(processors(groups, Self.separate, files) == nil)
    files["/sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_quota_us"] = "50000\n"
    files["/sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_period_us"] = "50000\n"
    #expect(processors(groups, Self.separate, files) == 1)
  }

  @Test
  func bothVersionsMayBeMounted() {
    let groups = "4:cpu,cpuacct:/\n0::/slice\n"
    let files = [
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "400000",
      "/sys/fs/cgroup/slice/cpu.max": "200000 100000",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000",
    ]
    #expect(processors(groups, Self.separate + Self.unified, files) == 2)
    #expect(processors(groups, Self.separate, files) == 4)
  }

  @Test
  func aContainerSeesItsOwnPartOfTheTree() {
    let mounts = "40 31 0:28 /docker/1f /sys/fs/cgroup ro - cgroup2 cgroup rw\n"
    let files = [
      "/sys/fs/cgroup/cpu.max": "300000 100000", "/sys/fs/cgroup/inner/cpu.max": "200000 100000",
      "/sys/fs/cgroup/docker/1f/cpu.max": "100000 100000",
    ]
    #expect(processors("0::/docker/1f\n", mounts, files) == 3)
    #expect(processors("0::/docker/1f/inner\n", mounts, files) == 2)
    #expect(processors("0::/elsewhere/inner\n", mounts, files) == 3)
    #expect(processors("0::/../docker/1f\n", Self.unified, files) == 3)
  }

  @Test
  func oddFilesAreNoQuota() {
    let files = ["/sys/fs/cgroup/cpu.max": "100000 100000"]
    #expect(ProcessorQuota.processors { _ in nil } == nil)
    #expect(processors("", Self.unified, files) == nil)
    #expect(processors("0:/\nnonsense\n", Self.unified, files) == nil)
    #expect(processors("0::/\n", "", files) == nil)
    #expect(processors("0::/\n", "1 2 3 / /sys/fs/cgroup rw - cgroup2\n- - - - -\n", files) == nil)
  }
}
